package browser

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"
)

// link makes a link for somebody at the command line.
func (h *house) link(args ...string) string {
	h.t.Helper()
	var made struct {
		URL string `json:"url"`
	}
	text := h.spindle("", append(append([]string{"users"}, args...), "--url", h.URL, "--json")...)
	if err := json.Unmarshal([]byte(text), &made); err != nil {
		h.t.Fatalf("%v: %s", err, text)
	}
	return strings.TrimPrefix(made.URL, h.URL)
}

// TestWrongValuesBeforeSignIn puts something wrong into the forms of people who are not signed in yet: the first start, sign-in, an invitation
// and a new password.
func TestWrongValuesBeforeSignIn(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	b := newTab(t, h.URL)
	begin := func(field, text string) []string {
		return fillWith(field, text, map[string]string{"Your company": "Northwind IT", "Your name": "Olive", "E-mail address": "olive@northwind.example", "Password": password},
			"Your company", "Your name", "E-mail address", "Password")
	}
	start := strings.TrimPrefix(h.Start, h.URL)
	for _, w := range []wrong{
		{page: start, fields: begin("Your company", " "), button: "Begin", says: "name", remedy: ""},
		{page: start, fields: begin("Your name", " "), button: "Begin", says: "name", remedy: ""},
		{page: start, fields: begin("E-mail address", "olive..owner@northwind.example"), button: "Begin", says: "is not an e-mail address", remedy: "ann@northwind.example"},
		{page: start, fields: begin("Password", "short"), button: "Begin", says: "5", remedy: "at least 12"},
		{page: start, fields: begin("Password", "olive@northwind.example"), button: "Begin", says: "password", remedy: ""},
	} {
		w.try(b)
	}
	b.complain("first start with a wrong value", true)
	b.open(start)
	b.write(begin("", "")...)
	b.ok("Begin")

	invited := h.link("invite", "bill@northwind.example", "--role", "biller")
	guest := newTab(t, h.URL)
	for _, w := range []wrong{
		{page: invited, fields: []string{"Your name", " ", "Password", password}, button: "Join", says: "name", remedy: ""},
		{page: invited, fields: []string{"Password", "bill", "Your name", "Bill"}, button: "Join", says: "4", remedy: "at least 12"},
	} {
		w.try(guest)
	}
	guest.complain("an invitation with a wrong value", true)
	guest.open(invited)
	guest.write("Your name", "Bill", "Password", password)
	guest.ok("Join")
	guest.says("Welcome to Northwind IT.")
	if status := newTab(t, h.URL).open(invited); status != http.StatusNotFound {
		t.Errorf("a used invitation is answered with status %d", status)
	}

	reset := h.link("link", "bill@northwind.example", "--reset")
	other := newTab(t, h.URL)
	wrong{page: reset, fields: []string{"New password", "bill"}, button: "Set it", says: "4", remedy: "at least 12"}.try(other)
	other.complain("a reset with a wrong value", true)
	other.open(reset)
	other.write("New password", password+"!")
	other.ok("Set it")
	other.says("The password is set. Sign in with it.")
	other.write("E-mail address", "bill@northwind.example", "Password", password)
	if status := other.follow("Sign in"); status != http.StatusUnprocessableEntity {
		t.Errorf("the old password is answered with status %d", status)
	}
	other.says("the address or the password is wrong")
	if typed, kept := other.value("E-mail address"), other.value("Password"); typed != "bill@northwind.example" || kept != "" {
		t.Errorf("the form holds %q and %q", typed, kept)
	}
	other.complain("sign-in with a wrong password", true)
	other.write("Password", password+"!")
	other.ok("Sign in")
	other.says("Northwind IT")
	for _, tab := range []*tab{b, guest, other} {
		tab.wantSilence(http.StatusUnprocessableEntity)
	}
}

// TestOneTimePasswords switches them on from a person's own page, signs in with them and with a recovery code, follows a one-time link, and
// switches them off again.
func TestOneTimePasswords(t *testing.T) {
	t.Parallel()
	h := newHouse(t).connected()
	b := h.join("Olive", "owner")
	b.open("/me")
	b.ok("Set up")
	key := eval[string](b, `document.querySelector("code").textContent`)
	code := func() string {
		t.Helper()
		morning, err := time.Parse(time.RFC3339, firstDay+"T09:00:00Z") // when the practice day of a program begins
		if err != nil {
			t.Fatal(err)
		}
		text, err := totp.GenerateCode(strings.ReplaceAll(key, " ", ""), morning.Add(time.Since(h.began)))
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	b.write("Six digits from the app", code())
	b.ok("Switch them on")
	b.says("Recovery codes")
	b.complain("recovery codes", true)
	recovery := strings.Fields(eval[string](b, `document.querySelector("#codes").textContent`))
	if len(recovery) != 10 {
		t.Fatalf("%d recovery codes", len(recovery))
	}

	again := newTab(t, h.URL)
	again.open("/sign-in")
	again.write("E-mail address", "olive@northwind.example", "Password", password)
	again.ok("Sign in")
	again.write("Code", "000000")
	if status := again.follow("Go on"); status != http.StatusUnprocessableEntity {
		t.Errorf("a wrong code is answered with status %d", status)
	}
	again.complain("a wrong code", true)
	again.write("Code", recovery[0])
	again.ok("Go on")
	again.says("Northwind IT")

	link := h.link("link", "olive@northwind.example")
	third := newTab(t, h.URL)
	for range 2 { // to look at it uses nothing up
		third.open(link)
		third.says("olive@northwind.example")
	}
	third.complain("a one-time link", true)
	third.ok("Sign in")
	third.write("Code", recovery[1])
	third.ok("Go on")
	third.says("Northwind IT")
	spent := newTab(t, h.URL)
	spent.open(link)
	spent.lacks("olive@northwind.example")

	third.open("/me")
	third.ok("Switch them off", "Switch them off")
	third.says("One-time passwords are off.")
	for _, tab := range []*tab{b, again, third} {
		tab.wantSilence(http.StatusUnprocessableEntity)
	}
}
