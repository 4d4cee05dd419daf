# Percentiles of the round trip against the gap between requests. The fourth
# panel is the key.
name(who) = sprintf("%s/round-trip-%s", data, who)
# The gaps 0, 10, 100, 1000 stand at equal distances.
place(gap) = gap < 1 ? 0 : log10(gap)
set multiplot layout 2,2
set logscale y 10
set xlabel "gap, us"
set ylabel "round trip, us"
set xtics ("0" 0, "10" 1, "100" 2, "1000" 3)
set xrange [-0.3:3.3]
set yrange [0.5:*]
set format y "%g"
unset key
do for [column = 2:4] {
  set title (column == 2) ? "p50" : (column == 3) ? "p99" : "p99.9"
  plot name("uvpool") using (place($1)):column with linespoints \
         linecolor rgb ours linewidth 2 pointtype 7, \
       name("uvpool_spin") using (place($1)):column with linespoints \
         linecolor rgb spinning linewidth 2 pointtype 6, \
       name("uv_queue_work") using (place($1)):column with linespoints \
         linecolor rgb libuv linewidth 2 pointtype 5, \
       name("gthreadpool") using (place($1)):column with linespoints \
         linecolor rgb glib linewidth 2 pointtype 9, \
       name("floor") using (place($1)):column with linespoints \
         linecolor rgb limit linewidth 2 dashtype 2 pointtype 1
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
     NaN with linespoints linecolor rgb spinning linewidth 2 pointtype 6 \
       title "uvpool, spin\\_us 200", \
     NaN with linespoints linecolor rgb libuv linewidth 2 pointtype 5 \
       title "uv\\_queue\\_work", \
     NaN with linespoints linecolor rgb glib linewidth 2 pointtype 9 \
       title "GThreadPool", \
     NaN with linespoints linecolor rgb limit linewidth 2 dashtype 2 \
       pointtype 1 title "futex + eventfd"
unset multiplot
