package microsoft

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
)

// digest is the only source of variety in the simulator: equal parts give equal bytes.
func digest(parts ...string) [32]byte { return sha256.Sum256([]byte(strings.Join(parts, "\x1f"))) }

// pick chooses a number in [0,n) from the parts; it is asked for every usage row, so it uses a quick hash.
func pick(n int, parts ...string) int {
	h := uint64(14695981039346656037) // FNV-1a
	for _, p := range parts {
		for i := range len(p) {
			h = (h ^ uint64(p[i])) * 1099511628211
		}
		h = (h ^ 0x1f) * 1099511628211
	}
	h ^= h >> 31
	return int((h * 0x9E3779B97F4A7C15 >> 33) % uint64(n))
}

func hexID(n int, parts ...string) string {
	d := digest(parts...)
	return hex.EncodeToString(d[:])[:n]
}

func guidOf(parts ...string) string {
	d := digest(parts...)
	d[6] = d[6]&0x0f | 0x40
	d[8] = d[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", d[0:4], d[4:6], d[6:8], d[8:10], d[10:16])
}

const base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

func shortID(n int, parts ...string) string {
	d := digest(parts...)
	out := make([]byte, n)
	for i := range out {
		out[i] = base62[int(d[i%32])%len(base62)]
	}
	return string(out)
}
