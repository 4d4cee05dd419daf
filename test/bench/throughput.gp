# Throughput against threads: medians, with lowest and highest round.
name(who, cell) = sprintf("%s/throughput-%s-%s", data, who, cell)
set multiplot layout 1,2
set logscale x 2
set logscale y 10
set xlabel "threads"
set ylabel "million tasks per second"
set xtics (1, 2, 4, 16, 64, 256)
set format y "%g"
set xrange [0.8:320]
set key bottom left
do for [cell in "no-op-4096 1us-256"] {
  set title (cell eq "no-op-4096") ? "no-op, 4096 in flight" \
                                   : "1 us of work, 256 in flight"
  plot name("uvpool", cell) using 1:2:3:4 with yerrorlines \
         linecolor rgb ours linewidth 2 pointtype 7 title "uvpool", \
       name("uv_queue_work", cell) using 1:2:3:4 with yerrorlines \
         linecolor rgb libuv linewidth 2 pointtype 5 title "uv\\_queue\\_work", \
       name("gthreadpool", cell) using 1:2:3:4 with yerrorlines \
         linecolor rgb glib linewidth 2 pointtype 9 title "GThreadPool"
}
unset multiplot
