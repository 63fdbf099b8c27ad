// Package chart draws small charts as SVG on the server: months of money, days of consumption, a budget. No inline style, so that a
// strict content security policy holds; colours come from the style sheet. Each chart carries its numbers in words for readers who
// don't see it.
package chart

import (
	"fmt"
	"math"
	"strconv"

	"spindle/internal/money"
)

// Columns is a chart of one bar or one group of bars per label, from a common zero line.
type Columns struct {
	ID     string // unique on the page
	Title  string // what it shows, in a sentence
	Unit   string // of the values, such as "EUR"
	Labels []string
	Of     string // what the labels are; "": months
	Whole  bool   // all labels on a phone too, not only the last ones
	Series []Series
	Href   []string // where a click on a label's bars leads; nil: nowhere
}

// Series is one value per label. Class is "a", "b" or "c": a colour of the style sheet.
type Series struct {
	Name, Class string
	Values      []money.Amount
}

// The drawing's size in units of its view box: as wide as the column of work, or as a phone, so that letters keep their size.
const (
	wide, narrow = 980.0, 340.0
	height       = 190.0
	left, right  = 48.0, 6.0
	top, bottom  = 10.0, 24.0
)

// narrowLabels is how many labels a phone has room for: the last ones.
const narrowLabels = 6

// drawing is the chart in one width.
type drawing struct {
	Columns
	width float64
	name  string // "wide" or "narrow"
}

// drawings are the chart for wide and for narrow windows; the style sheet shows one of them.
func (c Columns) drawings() []drawing {
	small := c
	if !c.Whole {
		small = c.last(narrowLabels)
	}
	return []drawing{{c, wide, "wide"}, {small, narrow, "narrow"}}
}

// last keeps the last labels only.
func (c Columns) last(n int) Columns {
	skip := max(0, len(c.Labels)-n)
	c.Labels = c.Labels[skip:]
	c.Href = c.Href[min(skip, len(c.Href)):]
	series := c.Series
	c.Series = nil
	for _, s := range series {
		s.Values = s.Values[min(skip, len(s.Values)):]
		c.Series = append(c.Series, s)
	}
	return c
}

// heading is the head of the labels in the table of the numbers.
func (c Columns) heading() string {
	if c.Of == "" {
		return "Month"
	}
	return c.Of
}

func (d drawing) viewBox() string { return "0 0 " + number(d.width) + " " + number(height) }

// end is where the lines of the grid end.
func (d drawing) end() string { return number(d.width - right) }

// bar is one rectangle.
type bar struct {
	X, Y, Width, Height string
	Class, Title, Href  string
}

// tick is a line of the grid with its label.
type tick struct{ Y, Label string }

// mark is a label below the axis.
type mark struct{ X, Text string }

// scale maps values to the drawing.
type scale struct{ low, high float64 }

func (c Columns) scale() scale {
	var s scale
	for _, series := range c.Series {
		for _, v := range series.Values {
			f := pixels(v)
			s.low, s.high = math.Min(s.low, f), math.Max(s.high, f)
		}
	}
	if s.high == s.low {
		s.high = 1
	}
	step := niceStep((s.high - s.low) / 4)
	s.low, s.high = math.Floor(s.low/step)*step, math.Ceil(s.high/step)*step
	return s
}

// pixels is the only place where an amount becomes a float: for the place of a bar, never for a number that is read.
func pixels(a money.Amount) float64 {
	f, err := strconv.ParseFloat(a.Value().String(), 64)
	if err != nil {
		return 0
	}
	return f
}

// niceStep rounds a step up to 1, 2 or 5 times a power of ten.
func niceStep(raw float64) float64 {
	power := math.Pow(10, math.Floor(math.Log10(raw)))
	for _, m := range []float64{1, 2, 5, 10} {
		if m*power >= raw {
			return m * power
		}
	}
	return 10 * power
}

func (s scale) y(v float64) float64 {
	return top + (s.high-v)/(s.high-s.low)*(height-top-bottom)
}

func (c Columns) ticks() []tick {
	s := c.scale()
	step := niceStep((s.high - s.low) / 4)
	var ticks []tick
	for v := s.low; v <= s.high+step/2; v += step {
		ticks = append(ticks, tick{Y: number(s.y(v)), Label: short(v)})
	}
	return ticks
}

func (d drawing) bars() []bar {
	s := d.scale()
	slot := (d.width - left - right) / math.Max(1, float64(len(d.Labels)))
	each := math.Min(26, slot*0.72/math.Max(1, float64(len(d.Series))))
	var bars []bar
	for n, series := range d.Series {
		for i, v := range series.Values {
			if i >= len(d.Labels) {
				break
			}
			x := left + slot*float64(i) + (slot-each*float64(len(d.Series)))/2 + each*float64(n)
			y, zero := s.y(pixels(v)), s.y(0)
			tall := math.Abs(zero - y)
			if !v.IsZero() {
				tall = math.Max(0.6, tall) // what is there is seen
			}
			b := bar{X: number(x), Y: number(math.Min(y, zero)), Width: number(math.Max(1, each-1)), Height: number(tall),
				Class: series.Class, Title: fmt.Sprintf("%s, %s: %s", d.Labels[i], series.Name, v)}
			if i < len(d.Href) {
				b.Href = d.Href[i]
			}
			bars = append(bars, b)
		}
	}
	return bars
}

// marks are the labels below the axis: as many as fit.
func (d drawing) marks() []mark {
	slot := (d.width - left - right) / math.Max(1, float64(len(d.Labels)))
	every := int(math.Ceil(62 / slot))
	var marks []mark
	for i, l := range d.Labels {
		if i%max(1, every) == 0 {
			marks = append(marks, mark{X: number(left + slot*(float64(i)+0.5)), Text: l})
		}
	}
	return marks
}

func (c Columns) zero() string { return number(c.scale().y(0)) }

// number writes a coordinate.
func number(f float64) string { return strconv.FormatFloat(math.Round(f*10)/10, 'f', -1, 64) }

// short writes a value of the axis: "12k", "1.5M".
func short(v float64) string {
	switch a := math.Abs(v); {
	case a >= 1e6:
		return strconv.FormatFloat(math.Round(v/1e4)/100, 'f', -1, 64) + "M"
	case a >= 1e3:
		return strconv.FormatFloat(math.Round(v/10)/100, 'f', -1, 64) + "k"
	}
	return strconv.FormatFloat(math.Round(v*100)/100, 'f', -1, 64)
}

// Share is a bar of how much of a whole is used, with a mark where work stops.
type Share struct {
	Title       string // "3,200 of 10,000 calls used in the last hour"
	Used, Limit int
	StopAt      int // 0: none
}

func (s Share) at(n int) string {
	return number(640 * math.Min(1, float64(n)/math.Max(1, float64(s.Limit))))
}

func (s Share) class() string {
	if s.StopAt > 0 && s.Used >= s.StopAt {
		return "over"
	}
	return "a"
}
