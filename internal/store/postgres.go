package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"

	"spindle/internal/fault"
)

// poolMin is the least number of connections: the queue keeps some of them for itself.
const poolMin = 10

// openPostgres opens one pool; database/sql and the job queue share it.
func (s *Store) openPostgres(ctx context.Context, dsn string) error {
	s.dialect = Postgres
	config, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		// The text of err may hold the password of the address (law 10).
		return fault.Invalidf("the database address is not a PostgreSQL address").WithField("database").
			Do("write it as postgres://user@host:5432/name")
	}
	config.MaxConns = max(config.MaxConns, poolMin)
	if s.pool, err = pgxpool.NewWithConfig(ctx, config); err != nil {
		return fault.Invalidf("cannot use PostgreSQL at %s:%d", config.ConnConfig.Host, config.ConnConfig.Port)
	}
	s.writer = stdlib.OpenDBFromPool(s.pool)
	s.reader = s.writer
	ping, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	if err := s.writer.PingContext(ping); err != nil {
		return fault.Transientf("PostgreSQL at %s:%d, database %q, does not answer: %w",
			config.ConnConfig.Host, config.ConnConfig.Port, config.ConnConfig.Database, err).
			Do("check that it runs and that address, user and password are right")
	}
	return nil
}
