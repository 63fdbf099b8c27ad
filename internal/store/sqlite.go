package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"modernc.org/sqlite" // also the driver "sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"spindle/internal/fault"
)

const (
	readersMax = 4 // SQLite connections for reading; WAL lets them read while one writes
	queueMax   = 4 // SQLite connections of the job queue

	// Pages of the file that a connection keeps, in KiB with a minus: SQLite's own 2 MB make a plan of 100,000 lines read every page of an
	// index again and again.
	writerCache = "cache_size(-65536)"
	readerCache = "cache_size(-16384)"
)

// openSQLite opens one writer connection, several readers and the queue's connections. Commits are synced in full: an intent that a
// power cut takes back after its request was sent would be a second write (law 3).
func (s *Store) openSQLite(ctx context.Context, path string) error {
	s.dialect = SQLite
	if err := createPrivate(path); err != nil {
		return err
	}
	var err error
	for _, p := range []struct {
		db    **sql.DB
		lock  string
		extra []string
		conns int
	}{
		{&s.writer, "immediate", []string{writerCache}, 1},
		{&s.reader, "deferred", []string{"query_only(1)", readerCache}, readersMax},
		{&s.queue, "immediate", nil, queueMax},
	} {
		if *p.db, err = sql.Open("sqlite", sqliteDSN(path, p.lock, p.extra)); err != nil {
			return fmt.Errorf("open %s: %w", path, err)
		}
		(*p.db).SetMaxOpenConns(p.conns)
		(*p.db).SetMaxIdleConns(p.conns)
	}
	if err := s.firstPing(ctx); err != nil {
		return fault.Invalidf("cannot open the database %s: %w", path, err).
			Do("check that the path names a SQLite file of Spindle's and that it may be written")
	}
	return nil
}

// busyTries and busyPause bound how long opening waits for other processes: ten seconds, as statements do.
const (
	busyTries = 100
	busyPause = 100 * time.Millisecond
)

// firstPing makes the first connection, which switches a new file to WAL. SQLite does not wait for a lock it needs for that, whatever the
// busy timeout: of several processes that open a new file at once, all but one may be told that it is locked.
func (s *Store) firstPing(ctx context.Context) error {
	for try := 1; ; try++ {
		err := s.writer.PingContext(ctx)
		if try == busyTries || !isBusy(err) {
			return err
		}
		select {
		case <-time.After(busyPause):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// isBusy reports whether another connection held the file's lock. The low byte of a code is its kind.
func isBusy(err error) bool {
	var e *sqlite.Error
	return errors.As(err, &e) && e.Code()&0xff == sqlite3.SQLITE_BUSY
}

// createPrivate makes sure that the file exists and that a new one is readable by its owner only.
func createPrivate(path string) error {
	f, err := os.OpenFile(filepath.Clean(path), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fault.Invalidf("cannot open the database: %w", err).Do("check that the folder exists and may be written")
	}
	return f.Close()
}

func sqliteDSN(path, lock string, extra []string) string {
	q := url.Values{"_txlock": {lock}, "_pragma": {
		"busy_timeout(10000)", "journal_mode(WAL)", "foreign_keys(1)", "synchronous(FULL)", "journal_size_limit(67108864)",
	}}
	for _, pragma := range extra {
		q.Add("_pragma", pragma)
	}
	return (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: q.Encode()}).String()
}

// Backup writes a consistent copy of the database to a new file while work goes on. Secrets in it are sealed as they are in the
// database: the key is not part of it.
func (s *Store) Backup(ctx context.Context, path string) error {
	if s.dialect != SQLite {
		return fault.Invalidf("the backup command copies SQLite files, this installation uses PostgreSQL").Do("use pg_dump")
	}
	f, err := os.OpenFile(filepath.Clean(path), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, os.ErrExist) {
		return fault.Conflictf("%s exists already", path).Do("give a path that does not exist yet")
	}
	if err != nil {
		return fault.Invalidf("cannot write the backup: %w", err).Do("name a file in a folder that exists and can be written")
	}
	if err := f.Close(); err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	if _, err := s.queue.ExecContext(ctx, "VACUUM INTO $1", path); err != nil {
		_ = os.Remove(path)
		return fmt.Errorf("backup: %w", err)
	}
	return nil
}
