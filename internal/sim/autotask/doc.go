// Package autotask is an in-memory Autotask PSA tenant served over HTTP.
//
// It is written from the Autotask fact sheet only (its §10 is the specification, its §13 wins over the rest) and shares no
// type with any client of ours: it imports the standard library, a decimal type and the neutral scenarios.
//
// Two surfaces exist and never meet. Handler is the vendor surface (/atservicesrest/…) that clients talk to. ControlHandler
// stands for the parts of Autotask that have no API (approve and post, invoicing) and for what a test needs: virtual clock,
// seeds, faults, dialect switches, request log, state dump.
//
// Layout: fields.go and tables_*.go say which fields each entity has; route.go and pipeline.go bring a request to its
// handler; filter.go, evaluate.go and query.go read; decode.go, write.go and rules_*.go write; period.go, units.go and
// posting.go are the recurring-service engine; seed_*.go fill a tenant; control*.go, fault.go and state.go serve tests.
package autotask
