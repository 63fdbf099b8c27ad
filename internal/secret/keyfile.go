package secret

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"spindle/internal/fault"
)

// KeyEnv is the environment variable that replaces the key file: one or more
// keys in base64, separated by commas or spaces, the newest last.
const KeyEnv = "SPINDLE_MASTER_KEY"

// keyFileBytesMax bounds what is read of a key file.
const keyFileBytesMax = 64 << 10

const keyFileHead = `# Spindle's master keys, one per line, newest last. They seal the stored
# credentials: without them the credentials must be entered again.
# Keep a copy apart from the database; whoever has both can read them.
`

// OpenKeyring reads the keys from fromEnv (the value of [KeyEnv]) if that is
// not empty, else from the file at path. A file that does not exist is created
// with a fresh key, readable by its owner only; one that others can read is
// refused, with the remedy.
func OpenKeyring(path string, fromEnv String) (*Keyring, error) {
	if !fromEnv.IsZero() {
		keys, err := parseKeys(KeyEnv, strings.Join(strings.FieldsFunc(fromEnv.Reveal(), isSeparator), "\n"))
		if err != nil {
			return nil, err
		}
		return newKeyring(keys)
	}
	keys, err := readKeyFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		if err := createKeyFile(path, [][]byte{newMasterKey()}); err != nil && !errors.Is(err, fs.ErrExist) {
			return nil, fault.NeedsPersonf("create the key file: %w", err).Do("make its folder writable, or set " + KeyEnv)
		}
		keys, err = readKeyFile(path) // as written, perhaps by another process
	}
	if err != nil {
		return nil, err
	}
	return newKeyring(keys)
}

func isSeparator(r rune) bool { return r == ',' || r == ' ' || r == '\t' || r == '\n' || r == '\r' }

// Rotate adds a fresh key to the file at path and returns the new keyring. The
// old keys stay, so that what they sealed still opens. Only one process may
// rotate at a time.
func Rotate(path string) (*Keyring, error) {
	keys, err := readKeyFile(path)
	if err != nil {
		return nil, err
	}
	if len(keys) >= keysMax {
		return nil, fault.NeedsPersonf("%s holds %d keys already", path, len(keys)).
			Do("seal all credentials again, then delete the oldest lines of the file")
	}
	next := path + ".new"
	if err := os.Remove(next); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	keys = append(keys, newMasterKey())
	if err := writeNew(next, keys); err != nil {
		return nil, err
	}
	if err := os.Rename(next, path); err != nil {
		return nil, err
	}
	return newKeyring(keys)
}

func readKeyFile(path string) (keys [][]byte, err error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if err != nil {
		return nil, fault.NeedsPersonf("open the key file: %w", err).Do("let the user that runs Spindle read it, and nobody else")
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 && runtime.GOOS != "windows" {
		return nil, fault.NeedsPersonf("the key file %s can be read or written by others (mode %04o)", path, mode).
			Dof("run: chmod 600 %s", path)
	}
	text, err := io.ReadAll(io.LimitReader(f, keyFileBytesMax))
	if err != nil {
		return nil, fault.NeedsPersonf("read the key file %s: %w", path, err).Do("let the user that runs Spindle read it")
	}
	return parseKeys(path, string(text))
}

// parseKeys reads one key per line; name says where they come from. A message
// never quotes a line: it may be a key with a slip in it.
func parseKeys(name, text string) ([][]byte, error) {
	var keys [][]byte
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		key, err := base64.StdEncoding.DecodeString(line)
		if err != nil || len(key) != masterKeyBytes {
			return nil, fault.NeedsPersonf("%s, key in line %d: not %d bytes in base64", name, i+1, masterKeyBytes).
				Do("restore it from your copy; a new one is made by: openssl rand -base64 32")
		}
		keys = append(keys, key)
	}
	if len(keys) == 0 {
		return nil, fault.NeedsPersonf("%s holds no key", name).
			Do("restore it from your copy, or delete it and enter all credentials again")
	}
	return keys, nil
}

// createKeyFile makes the file whole or not at all: another process sees no
// half-written key, and an existing file is never replaced (fs.ErrExist).
func createKeyFile(path string, keys [][]byte) (err error) {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	tmp, err := os.MkdirTemp(dir, ".key-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(tmp)) }()
	whole := filepath.Join(tmp, "key")
	if err := writeNew(whole, keys); err != nil {
		return err
	}
	return os.Link(whole, path)
}

// writeNew writes a key file that must not exist, down to the disk.
func writeNew(path string, keys [][]byte) (err error) {
	var b bytes.Buffer
	b.WriteString(keyFileHead)
	for _, key := range keys {
		b.WriteString(base64.StdEncoding.EncodeToString(key))
		b.WriteByte('\n')
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if _, err := f.Write(b.Bytes()); err != nil {
		return err
	}
	return f.Sync()
}
