# Colours and lines of all plots, for light and for dark pages. Set from
# outside: theme, data (a directory), file, height.
dark = (theme eq "dark")
paper = dark ? "#0d1117" : "#ffffff"
ink = dark ? "#c9d1d9" : "#24292f"
faint = dark ? "#30363d" : "#d0d7de"
ours = dark ? "#58a6ff" : "#0969da"
spinning = dark ? "#56d4dd" : "#1b7c83"
libuv = dark ? "#ff7b72" : "#cf222e"
glib = dark ? "#d2a8ff" : "#8250df"
limit = dark ? "#8b949e" : "#6e7781"

set terminal svg size 900,height dynamic font "sans-serif,13" background rgb paper
set output file
set border 3 linecolor rgb ink
set tics nomirror textcolor rgb ink
set grid linecolor rgb faint
set key textcolor rgb ink samplen 2 Left reverse left center
set title textcolor rgb ink
set xlabel textcolor rgb ink
set ylabel textcolor rgb ink
