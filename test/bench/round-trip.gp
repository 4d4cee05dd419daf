# Percentiles of the round trip against the gap between requests.
name(who) = sprintf("%s/round-trip-%s", data, who)
# The gaps 0, 10, 100, 1000 stand at equal distances.
place(gap) = gap < 1 ? 0 : log10(gap)
set multiplot layout 1,3
set logscale y 10
set xlabel "gap, microseconds"
set xtics ("0" 0, "10" 1, "100" 2, "1000" 3)
set xrange [-0.3:3.3]
set format y "%g"
set yrange [0.5:*]
do for [column = 2:4] {
  set title (column == 2) ? "p50" : (column == 3) ? "p99" : "p99.9"
  if (column == 2) { set ylabel "round trip, microseconds"; set key top left } \
  else { unset ylabel; unset key }
  plot name("uvpool") using (place($1)):column with linespoints \
         linecolor rgb ours linewidth 2 pointtype 7 title "uvpool", \
       name("uvpool_spin") using (place($1)):column with linespoints \
         linecolor rgb spinning linewidth 2 pointtype 6 \
         title "uvpool, spin\\_us 200", \
       name("uv_queue_work") using (place($1)):column with linespoints \
         linecolor rgb libuv linewidth 2 pointtype 5 title "uv\\_queue\\_work", \
       name("gthreadpool") using (place($1)):column with linespoints \
         linecolor rgb glib linewidth 2 pointtype 9 title "GThreadPool", \
       name("floor") using (place($1)):column with linespoints \
         linecolor rgb limit linewidth 2 dashtype 2 pointtype 1 \
         title "futex + eventfd"
}
unset multiplot
