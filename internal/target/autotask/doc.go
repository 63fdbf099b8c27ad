// Package autotask is Autotask PSA as a target: its REST client, its wire shapes, and one function per kind of change. All facts come
// from the Autotask sheet; where the sheet leaves a question open, the package is right under every answer.
//
// Layout: config.go and zone.go make a connection; client.go, errors.go and query.go carry calls; filter.go, wire.go and meta.go are the
// wire; catalogue.go, read.go, window.go and count.go read; check.go explains what is missing; apply.go, write_*.go and put.go write;
// settle_*.go find out whether a lost write happened.
package autotask
