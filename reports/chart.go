package reports

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// chart is a drawing in the coordinates of its view box, ready for the template. Colours and fonts come from the page's
// style sheet by class, so that the drawing follows light, dark and print.
type chart struct {
	ID, Title, Desc          string
	Legend                   []legend
	W, H                     float64
	Left, Top, Right, Bottom float64 // the plot inside the drawing
	X, Y                     []tick
	XLabel                   string
	Bands                    []band // fault windows
	Paths                    []path
	Notes                    []note
}

type legend struct{ Class, Text string }

type tick struct {
	At   float64
	Text string
}

type band struct {
	X, Width float64
	Text     string
}

type path struct{ Class, D string }

type note struct {
	X, Y         float64
	Anchor, Text string
}

// The size suits two charts beside each other on a desk and one on a phone, with letters that stay legible there.
func newChart(id, title string) *chart {
	return &chart{ID: id, Title: title, W: 460, H: 256, Left: 52, Top: 10, Right: 440, Bottom: 216}
}

// x and y map a share of the axis, 0…1, onto the drawing.
func (c *chart) x(share float64) float64 { return c.Left + share*(c.Right-c.Left) }
func (c *chart) y(share float64) float64 { return c.Bottom - share*(c.Bottom-c.Top) }

// timeY makes the upright axis a time from 0 to at least top and returns the scale.
func (c *chart) timeY(top time.Duration) func(time.Duration) float64 {
	ticks, end := timeTicks(top)
	scale := func(d time.Duration) float64 { return c.y(float64(d) / float64(end)) }
	for _, t := range ticks {
		c.Y = append(c.Y, tick{scale(t), axisTime(t)})
	}
	return scale
}

// timeX makes the level axis a time from 0 to exactly right and returns the scale.
func (c *chart) timeX(right time.Duration) func(time.Duration) float64 {
	right = max(right, time.Microsecond)
	scale := func(d time.Duration) float64 { return c.x(float64(d) / float64(right)) }
	ticks, _ := timeTicks(right)
	for _, t := range ticks {
		if t <= right {
			c.X = append(c.X, tick{scale(t), axisTime(t)})
		}
	}
	return scale
}

// timeTicks are four to six round values from 0; the last is not below top.
func timeTicks(top time.Duration) ([]time.Duration, time.Duration) {
	top = max(top, time.Microsecond)
	step, magnitude := 500*time.Nanosecond, time.Microsecond
	for i := 0; top > 5*step; i++ { // 500 ns, 1 µs, 2 µs, 5 µs, 10 µs …
		switch i % 3 {
		case 0:
			step = magnitude
		case 1:
			step = 2 * magnitude
		default:
			step = 5 * magnitude
			magnitude *= 10
		}
	}
	var ticks []time.Duration
	t := time.Duration(0)
	for ; t < top; t += step {
		ticks = append(ticks, t)
	}
	return append(ticks, t), t
}

// axisTime is a round time without needless digits.
func axisTime(d time.Duration) string {
	switch {
	case d == 0:
		return "0"
	case d < time.Millisecond:
		return fmt.Sprintf("%g µs", float64(d)/float64(time.Microsecond))
	case d < time.Second:
		return fmt.Sprintf("%g ms", float64(d)/float64(time.Millisecond))
	default:
		return fmt.Sprintf("%g s", d.Seconds())
	}
}

// percentileCurve shows which share of the applied changes was done within which time, from the due time and from the
// sending. The level axis stretches towards 100 %, where the waiting is.
func percentileCurve(id string, l Load) *chart {
	var intended, sent []time.Duration
	for _, p := range l.Points {
		if p.OK {
			intended, sent = append(intended, p.Done-p.Intended), append(sent, p.Done-p.Sent)
		}
	}
	if len(intended) < 2 {
		return nil
	}
	slices.Sort(intended)
	slices.Sort(sent)
	c := newChart(id, "Latency by percentile")
	c.Legend = []legend{{"intended", "from the due time"}, {"sent", "from the sending"}}
	c.XLabel = "share of the applied changes"
	reach := math.Log10(float64(len(intended)))
	across := func(p float64) float64 { return c.x(math.Log10(1/(1-p)) / reach) }
	for _, p := range []struct {
		share float64
		text  string
	}{{0, "0 %"}, {.5, "50"}, {.75, "75"}, {.9, "90"}, {.95, "95"}, {.99, "99"}, {.999, "99.9"}, {.9999, "99.99"}} {
		if p.share <= 1-1/float64(len(intended)) {
			c.X = append(c.X, tick{across(p.share), p.text})
		}
	}
	up := c.timeY(max(intended[len(intended)-1], sent[len(sent)-1]))
	curve := func(values []time.Duration) string {
		var d strings.Builder
		lastX, lastY := math.Inf(-1), 0.0
		for i, v := range values {
			x, y := across(float64(i)/float64(len(values))), up(v)
			if x-lastX < .5 && math.Abs(y-lastY) < .5 && i < len(values)-1 {
				continue // nothing that an eye could see
			}
			if i == 0 {
				fmt.Fprintf(&d, "M%.1f %.1f", x, y)
			} else {
				fmt.Fprintf(&d, "H%.1fV%.1f", x, y)
			}
			lastX, lastY = x, y
		}
		fmt.Fprintf(&d, "H%.1f", c.Right)
		return d.String()
	}
	c.Paths = append(c.Paths, path{"sent", curve(sent)}, path{"intended", curve(intended)})
	c.Desc = fmt.Sprintf("From the due time: half within %s, 95 %% within %s, the slowest %s. From the sending: half within %s, 95 %% within %s, the slowest %s.",
		human(percentile(intended, 50)), human(percentile(intended, 95)), human(intended[len(intended)-1]),
		human(percentile(sent, 50)), human(percentile(sent, 95)), human(sent[len(sent)-1]))
	return c
}

// rowsDrawn bounds the lines of a waterfall: more than there are pixels show nothing.
const rowsDrawn = 400

// timeline shows the changes over time with the fault windows. A burst is drawn as a waterfall, a line for each change
// from due to done, because all its changes are due at one instant; anything else as dots, latency over due time.
func timeline(id string, l Load) *chart {
	if len(l.Points) < 2 {
		return nil
	}
	var end, lastDue, slowest time.Duration
	applied := 0
	for _, p := range l.Points {
		end, lastDue, slowest = max(end, p.Done, p.Sent), max(lastDue, p.Intended), max(slowest, p.Done-p.Intended)
		if p.OK {
			applied++
		}
	}
	c := newChart(id, "Changes over time")
	burst, until := lastDue*10 < end, end
	if !burst {
		until = lastDue
	}
	right := c.timeX(until)
	for _, f := range l.Faults {
		c.window(f, l.Started, until, right)
	}
	if burst {
		c.waterfall(l.Points, right)
	} else {
		c.dots(l.Points, right, c.timeY(slowest))
	}
	c.Desc = fmt.Sprintf("%d of %s shown were applied; the last ended %s after the start.", applied, plural(len(l.Points), "change"), human(end))
	return c
}

// window shades the time in which a fault was open, unless that was all the time.
func (c *chart) window(f Fault, started time.Time, end time.Duration, right func(time.Duration) float64) {
	if started.IsZero() || (f.From.IsZero() && f.Until.IsZero()) {
		return
	}
	from, until := time.Duration(0), end
	if !f.From.IsZero() {
		from = max(from, f.From.Sub(started))
	}
	if !f.Until.IsZero() {
		until = min(until, f.Until.Sub(started))
	}
	if from < until && (from > 0 || until < end) {
		c.Bands = append(c.Bands, band{right(from), max(right(until)-right(from), 1), fmt.Sprintf("fault %s (%s), fired %d times", f.ID, f.Kind, f.Fired)})
	}
}

func (c *chart) waterfall(points []Point, right func(time.Duration) float64) {
	c.Title = "Each change, in the order in which they ended"
	c.XLabel = "since the start"
	c.Legend = []legend{{"waiting", "due, not yet sent"}, {"flying", "sent, not yet applied"}}
	rows := slices.Clone(points)
	slices.SortStableFunc(rows, func(a, b Point) int { return int(a.Done - b.Done) })
	if len(rows) > rowsDrawn {
		few := make([]Point, rowsDrawn)
		for i := range few {
			few[i] = rows[i*len(rows)/rowsDrawn]
		}
		rows = few
	}
	var waiting, flying, missed strings.Builder
	for i, p := range rows {
		y := c.Top + (float64(i)+.5)/float64(len(rows))*(c.Bottom-c.Top)
		if x, until := right(p.Intended), right(p.Sent); until-x > .3 {
			fmt.Fprintf(&waiting, "M%.1f %.1fH%.1f", x, y, until)
		}
		fmt.Fprintf(&flying, "M%.1f %.1fH%.1f", right(p.Sent), y, max(right(p.Done), right(p.Sent)+.5))
		if !p.OK {
			fmt.Fprintf(&missed, "M%.1f %.1fl5 5m0 -5l-5 5", right(p.Done)-2.5, y-2.5)
		}
	}
	c.Paths = append(c.Paths, path{"waiting", waiting.String()}, path{"flying", flying.String()})
	c.missed(missed.String())
	c.Y = []tick{{c.Top, "1"}, {c.Bottom, fmt.Sprint(len(points))}}
}

func (c *chart) dots(points []Point, right, up func(time.Duration) float64) {
	c.Title = "Latency of each change over time"
	c.XLabel = "due, since the start"
	c.Legend = []legend{{"dot", "applied"}}
	var applied, missed strings.Builder
	for _, p := range points {
		x, y := right(p.Intended), up(p.Done-p.Intended)
		if p.OK {
			fmt.Fprintf(&applied, "M%.1f %.1fh0", x, y)
		} else {
			fmt.Fprintf(&missed, "M%.1f %.1fl5 5m0 -5l-5 5", x-2.5, y-2.5)
		}
	}
	c.Paths = append(c.Paths, path{"dot", applied.String()})
	c.missed(missed.String())
}

func (c *chart) missed(d string) {
	if d != "" {
		c.Paths = append(c.Paths, path{"missed", d})
		c.Legend = append(c.Legend, legend{"missed", "not applied"})
	}
}

// strip puts the exchanges of one failure and the fault windows on one line of time: which attempt met which fault.
func strip(id string, f Failure, faults []Fault) *chart {
	var times []time.Time
	for _, x := range f.Exchanges {
		if !x.Time.IsZero() {
			times = append(times, x.Time)
		}
	}
	if len(times) < 2 {
		return nil
	}
	start, last := slices.MinFunc(times, time.Time.Compare), slices.MaxFunc(times, time.Time.Compare)
	if !start.Before(last) {
		return nil
	}
	c := &chart{ID: id, Title: "When", W: 460, H: 68, Left: 44, Top: 6, Right: 440, Bottom: 44}
	end := last.Sub(start)
	right := c.timeX(end)
	if len(c.X) > 0 {
		c.X[0].Text = start.UTC().Format("15:04:05.000")
		for i := range c.X[1:] {
			c.X[i+1].Text = "+" + c.X[i+1].Text
		}
	}
	for _, fault := range faults {
		c.window(fault, start, end, right)
	}
	var marks strings.Builder
	lastLabel := math.Inf(-1)
	for _, x := range f.Exchanges {
		if x.Time.IsZero() {
			continue
		}
		at := right(x.Time.Sub(start))
		fmt.Fprintf(&marks, "M%.1f 26V44", at)
		if at-lastLabel > 30 { // letters must not lie on each other; the list below has them all
			text := fmt.Sprint(x.Status)
			if x.Status == 0 {
				text = "none"
			}
			c.Notes = append(c.Notes, note{at, 20, "middle", text})
			lastLabel = at
		}
	}
	c.Paths = []path{{"mark", marks.String()}}
	c.Desc = fmt.Sprintf("%s within %s.", plural(len(f.Exchanges), "exchange"), human(end))
	return c
}

// Height, XText and YText are for the template, which cannot reckon.

// Height is the height of the plot.
func (c *chart) Height() float64 { return c.Bottom - c.Top }

// XText is where the text of the level axis stands.
func (c *chart) XText() float64 { return c.Bottom + 17 }

// YText is where the text of the upright axis ends.
func (c *chart) YText() float64 { return c.Left - 7 }
