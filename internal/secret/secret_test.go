package secret_test

import (
	"bytes"
	"database/sql/driver"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"spindle/internal/fault"
	"spindle/internal/secret"
)

const hidden = "pa55-Wörd"

type holder struct {
	Open   secret.String
	Ptr    *secret.String
	hidden secret.String
	list   []secret.String
	byName map[string]secret.String
}

type asElement struct{ S secret.String }

func newHolder() holder {
	s := secret.New(hidden)
	return holder{Open: s, Ptr: &s, hidden: s, list: []secret.String{s}, byName: map[string]secret.String{"k": s}}
}

// Law 10: secrets do not leak. Every verb, alone and inside structs, also in
// unexported fields, which fmt reads without calling methods.
func TestNothingPrints(t *testing.T) {
	s := secret.New(hidden)
	h := newHolder()
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "% x", "%d", "%t", "%c", "%U", "%e", "%T|%[1]v", "%20s", "%-5q", "%.3s", "%p", "%b", "%o"} {
		for _, value := range []any{s, &s, h, &h, []any{s}, errors.Join(fmt.Errorf(verb, s))} {
			assertHidden(t, "fmt "+verb, fmt.Sprintf(verb, value))
		}
		if verb != "%T|%[1]v" && verb != "%p" && fmt.Sprintf(verb, s) != "***" {
			t.Errorf("%s printed %q, want ***", verb, fmt.Sprintf(verb, s))
		}
	}
	assertHidden(t, "Sprint", fmt.Sprint(s, &s, h))
	assertHidden(t, "concatenation", "x"+s.String())
}

func TestNothingMarshals(t *testing.T) {
	h := newHolder()
	asJSON, err := json.Marshal(h)
	if err != nil {
		t.Fatal(err)
	}
	assertHidden(t, "JSON", string(asJSON))
	if !strings.Contains(string(asJSON), `"Open":"***"`) {
		t.Errorf("JSON = %s", asJSON)
	}
	asMap, err := json.Marshal(map[secret.String]secret.String{secret.New(hidden): secret.New(hidden)})
	if err != nil {
		t.Fatal(err)
	}
	assertHidden(t, "JSON map key", string(asMap))
	asXML, err := xml.Marshal(asElement{h.Open})
	if err != nil {
		t.Fatal(err)
	}
	assertHidden(t, "XML", string(asXML))
}

func TestNothingIsLogged(t *testing.T) {
	var out bytes.Buffer
	h := newHolder()
	for _, handler := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
		log := slog.New(handler).With("with", h.Open)
		log.Info("login", "secret", h.Open, "pointer", h.Ptr, "struct", h, slog.Group("g", "s", h.Open))
	}
	assertHidden(t, "slog", out.String())
	if strings.Count(out.String(), "***") < 6 {
		t.Errorf("log shows too few marks: %s", out.String())
	}
}

// An unsealed secret is refused by database/sql, so it cannot get into a
// database by accident.
func TestNothingIsStoredUnsealed(t *testing.T) {
	v, err := driver.DefaultParameterConverter.ConvertValue(secret.New(hidden))
	if err == nil || v != nil {
		t.Fatalf("ConvertValue = %v, %v; want an error", v, err)
	}
	assertHidden(t, "error", err.Error())
}

func TestReveal(t *testing.T) {
	if got := secret.New(hidden).Reveal(); got != hidden {
		t.Errorf("Reveal = %q", got)
	}
	var zero secret.String
	if !zero.IsZero() || zero.Reveal() != "" || !secret.New("").IsZero() || secret.New("x").IsZero() {
		t.Error("the zero value is not the empty secret")
	}
	if !secret.New("a").Equal(secret.New("a")) || secret.New("a").Equal(secret.New("b")) || secret.New("a").Equal(zero) {
		t.Error("Equal is wrong")
	}
}

func TestUnmarshal(t *testing.T) {
	var in struct{ S secret.String }
	if err := json.Unmarshal([]byte(`{"S":"pa55-Wörd"}`), &in); err != nil || in.S.Reveal() != hidden {
		t.Errorf("Unmarshal = %q, %v", in.S.Reveal(), err)
	}
	err := json.Unmarshal([]byte(`{"S":"***"}`), &in)
	if !fault.Is(err, fault.KindInvalid) || in.S.Reveal() != hidden {
		t.Errorf("reading back a hidden secret: %v, now %q", err, in.S.Reveal())
	}
}

func assertHidden(t *testing.T, where, text string) {
	t.Helper()
	for _, leak := range []string{hidden, "pa55", "706135352d57", "706135352D57", "70 61 35"} {
		if strings.Contains(text, leak) {
			t.Errorf("%s leaks the secret: %s", where, text)
			return
		}
	}
}
