package app

import (
	"cmp"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
)

// processName names a process in leases, so that others can tell whether it still lives.
type processName struct {
	host  string
	space string // where its number holds: two containers may share a host name, and each has a process 1
	pid   int
	start string // tells it from an earlier process of the same number
}

// thisProcess is the process that asks.
var thisProcess = sync.OnceValue(func() processName {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return processName{host, pidSpace(), os.Getpid(), rand.Text()[:6]}
})

// pidSpace names the kernel and the namespace that process numbers belong to.
func pidSpace() string {
	if runtime.GOOS != "linux" {
		return "-" // there are no others
	}
	boot, bootErr := os.ReadFile("/proc/sys/kernel/random/boot_id")
	space, spaceErr := os.Readlink("/proc/self/ns/pid")
	if cmp.Or(bootErr, spaceErr) != nil {
		return rand.Text()[:8] // not known: nobody else's
	}
	sum := sha256.Sum256([]byte(string(boot) + space))
	return hex.EncodeToString(sum[:4])
}

// String is the beginning of a lease's holder.
func (p processName) String() string {
	return strings.Join([]string{p.host, p.space, strconv.Itoa(p.pid), p.start}, "/")
}

// dead reports whether the process that holds a lease is known to be dead, as far as p can tell: of processes on other hosts and in other
// containers nothing is known, their leases run out by themselves.
func (p processName) dead(holder string) bool {
	parts := strings.Split(holder, "/")
	if len(parts) < 4 || parts[0] != p.host || parts[1] != p.space {
		return false
	}
	pid, err := strconv.Atoi(parts[2])
	if err != nil || pid <= 0 {
		return false
	}
	if pid == p.pid {
		return parts[3] != p.start // our number was another's before
	}
	return errors.Is(syscall.Kill(pid, 0), syscall.ESRCH)
}

func holderDead(holder string) bool { return thisProcess().dead(holder) }
