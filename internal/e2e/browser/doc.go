// Package browser drives the console in headless Chromium: the gallery's samples, and the real program with a real database file between
// both simulators.
//
// It holds tests only. Without Chromium they are skipped and say how to get it; SPINDLE_CHROMIUM names a browser that is elsewhere.
package browser
