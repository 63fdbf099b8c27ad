package store

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/pressly/goose/v3"
)

// DB gives tests the connection that writes.
func (s *Store) DB() *sql.DB { return s.writer }

// Reader gives tests the connections that read.
func (s *Store) Reader() *sql.DB { return s.reader }

// Cut makes every statement that writes ask f first; an error of f ends the transaction there, as a crash would.
func (s *Store) Cut(f func(query string) error) { s.beforeStatement = f }

// MigrateTo opens a database, brings it to an older version only, and runs statements there.
func MigrateTo(ctx context.Context, o Options, version int64, statements ...string) error {
	s, provider, err := openUnmigrated(ctx, o)
	if err != nil {
		return err
	}
	defer func() { _ = s.Close() }()
	if _, err := provider.UpTo(ctx, version); err != nil {
		return err
	}
	for _, statement := range statements {
		if _, err := s.writer.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("%s: %w", statement, err)
		}
	}
	return nil
}

// MigrateDown takes every migration back.
func MigrateDown(ctx context.Context, o Options) error {
	s, provider, err := openUnmigrated(ctx, o)
	if err != nil {
		return err
	}
	defer func() { _ = s.Close() }()
	_, err = provider.DownTo(ctx, 0)
	return err
}

// Versions lists the migrations of a dialect.
func Versions(ctx context.Context, o Options) ([]int64, error) {
	s, provider, err := openUnmigrated(ctx, o)
	if err != nil {
		return nil, err
	}
	defer func() { _ = s.Close() }()
	var versions []int64
	for _, source := range provider.ListSources() {
		versions = append(versions, source.Version)
	}
	return versions, nil
}

func openUnmigrated(ctx context.Context, o Options) (*Store, *goose.Provider, error) {
	s, err := connect(ctx, o)
	if err != nil {
		return nil, nil, err
	}
	provider, err := s.migrator()
	return s, provider, err
}
