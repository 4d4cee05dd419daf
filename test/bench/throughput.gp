# Throughput against threads: medians, with lowest and highest round. The third
# panel is the key.
name(who, cell) = sprintf("%s/throughput-%s-%s", data, who, cell)
set multiplot layout 1,3
set logscale x 2
set logscale y 10
set xlabel "threads"
set ylabel "million tasks per second"
set xtics (1, 2, 4, 16, 64, 256)
set format y "%g"
set xrange [0.8:320]
unset key
do for [cell in "no-op-4096 1us-256"] {
  set title (cell eq "no-op-4096") ? "no-op, 4096 in flight" \
                                   : "1 us of work, 256 in flight"
  plot name("uvpool", cell) using 1:2:3:4 with yerrorlines \
         linecolor rgb ours linewidth 2 pointtype 7, \
       name("uv_queue_work", cell) using 1:2:3:4 with yerrorlines \
         linecolor rgb libuv linewidth 2 pointtype 5, \
       name("gthreadpool", cell) using 1:2:3:4 with yerrorlines \
         linecolor rgb glib linewidth 2 pointtype 9
}
unset logscale
unset tics
unset border
unset title
unset xlabel
unset ylabel
set key
set xrange [0:1]
set yrange [0:1]
plot NaN with linespoints linecolor rgb ours linewidth 2 pointtype 7 \
       title "uvpool", \
     NaN with linespoints linecolor rgb libuv linewidth 2 pointtype 5 \
       title "uv\\_queue\\_work", \
     NaN with linespoints linecolor rgb glib linewidth 2 pointtype 9 \
       title "GThreadPool"
unset multiplot
