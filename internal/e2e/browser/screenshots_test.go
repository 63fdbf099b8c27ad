package browser

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"image"
	"image/color"
	"image/png"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/chromedp/chromedp"
)

// pictureMax bounds a picture: whoever reads about the project loads all of them.
const pictureMax = 150_000

// picture is a page of the demo that the documentation shows. With first set, it is the page behind the first row of the table at path.
type picture struct {
	name, path, scheme string
	first              bool
}

func pictures() []picture {
	return []picture{
		{"today", "", "light", false},
		{"today-dark", "", "dark", false},
		{"plan", "/runs/1", "light", false},
		{"proof", "/lines?q=Dynamics", "light", true},
		{"customers", "/customers", "light", false},
		{"azure", "/azure/2026-10", "light", false},
	}
}

// TestScreenshots takes the pictures of the documentation from a demo: make screenshots says where they go.
func TestScreenshots(t *testing.T) {
	dir, binary := os.Getenv("SPINDLE_SCREENSHOTS"), os.Getenv("SPINDLE_BINARY")
	if dir == "" || binary == "" {
		t.Skip("no pictures wanted: make screenshots takes them")
	}
	needsBrowser(t)
	base, link := startDemo(t, binary)
	b := newTab(t, base)
	b.open(link)
	home := b.path()
	for _, p := range pictures() {
		b.look(wide, p.scheme)
		b.open(home + p.path)
		if p.first {
			b.open(eval[string](b, `document.querySelector("tbody th a").getAttribute("href")`))
		}
		b.takePicture(filepath.Join(dir, p.name+".png"))
	}
}

// startDemo runs the demo of a binary until it serves, and ends it with the test.
func startDemo(t *testing.T, binary string) (base, link string) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	demo := exec.CommandContext(ctx, binary, "demo", "--serve", "--json")
	demo.Cancel = func() error { return demo.Process.Signal(os.Interrupt) } // it takes its folder and simulators down
	out, err := demo.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := demo.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		_ = demo.Wait() // it was interrupted
	})
	var at struct {
		URL   string `json:"url"`
		Login string `json:"login_url"`
	}
	if err := json.NewDecoder(out).Decode(&at); err != nil {
		t.Fatalf("the demo does not say where it serves: %v", err)
	}
	return at.URL, at.Login
}

// takePicture writes what the window shows, once the typeface is there.
func (b *tab) takePicture(file string) {
	b.t.Helper()
	b.do(chromedp.WaitVisible(chromedp.CSS("h1")))
	for !eval[bool](b, typefaceLoaded) {
		b.t.Log("waiting for the typeface")
	}
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	shot, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if err != nil {
		b.fatal(err)
	}
	small, err := fewerColours(shot)
	if err != nil {
		b.t.Fatal(err)
	}
	if len(small) > pictureMax {
		b.t.Errorf("%s has %d bytes, more than %d", file, len(small), pictureMax)
	}
	if err := os.WriteFile(file, small, 0o644); err != nil {
		b.t.Fatal(err)
	}
}

// fewerColours keeps 256 colours of a picture and puts the nearest of them in the place of the others: nobody sees the
// difference in letters, and the file is a third as large.
func fewerColours(shot []byte) ([]byte, error) {
	img, err := png.Decode(bytes.NewReader(shot))
	if err != nil {
		return nil, err
	}
	size := img.Bounds()
	count := map[color.RGBA]int{}
	at := func(x, y int) color.RGBA { return color.RGBAModel.Convert(img.At(x, y)).(color.RGBA) }
	for y := size.Min.Y; y < size.Max.Y; y++ {
		for x := size.Min.X; x < size.Max.X; x++ {
			count[at(x, y)]++
		}
	}
	all := slices.SortedFunc(maps.Keys(count), func(a, b color.RGBA) int {
		return cmp.Or(count[b]-count[a], cmp.Compare(rgb(a), rgb(b)))
	})
	kept := palette(all)
	nearest := map[color.RGBA]uint8{}
	for _, c := range all {
		nearest[c] = uint8(kept.Index(c))
	}
	out := image.NewPaletted(size, kept)
	for y := size.Min.Y; y < size.Max.Y; y++ {
		for x := size.Min.X; x < size.Max.X; x++ {
			out.SetColorIndex(x, y, nearest[at(x, y)])
		}
	}
	var b bytes.Buffer
	err = (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&b, out)
	return b.Bytes(), err
}

// palette takes half of its colours for being frequent, and half for being unlike those taken before: a single amber dot stays amber.
func palette(frequentFirst []color.RGBA) color.Palette {
	var kept color.Palette
	for _, c := range frequentFirst[:min(len(frequentFirst), 128)] {
		kept = append(kept, c)
	}
	for range min(len(frequentFirst)-len(kept), 128) {
		kept = append(kept, slices.MaxFunc(frequentFirst, func(a, b color.RGBA) int { return cmp.Compare(unlike(a, kept), unlike(b, kept)) }))
	}
	return kept
}

// unlike is how far a colour is from the nearest of a palette.
func unlike(c color.RGBA, kept color.Palette) int {
	n := kept[kept.Index(c)].(color.RGBA)
	r, g, b := int(c.R)-int(n.R), int(c.G)-int(n.G), int(c.B)-int(n.B)
	return r*r + g*g + b*b
}

func rgb(c color.RGBA) int { return int(c.R)<<16 | int(c.G)<<8 | int(c.B) }
