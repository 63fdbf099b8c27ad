package account_test

import (
	"sync"
	"testing"
	"time"

	"spindle/internal/account"
	"spindle/internal/fault"
	"spindle/internal/secret"
	"spindle/internal/store/storetest"
)

func TestFirstStart(t *testing.T) {
	w := empty(t, storetest.File(t), nil)
	ctx := t.Context()
	needed, err := w.FirstStart(ctx)
	must(t, err)
	if !needed {
		t.Fatal("an empty installation needs no first start")
	}
	right := account.NewOwner{Email: "ann@northwind.example", Name: "Ann Archer", Password: good, Organization: "Northwind IT"}
	for field, change := range map[string]func(*account.NewOwner){
		"email":        func(n *account.NewOwner) { n.Email = "ann" },
		"name":         func(n *account.NewOwner) { n.Name = " " },
		"password":     func(n *account.NewOwner) { n.Password = secret.New("short") },
		"organization": func(n *account.NewOwner) { n.Organization = "" },
	} {
		n := right
		change(&n)
		_, err := w.CreateOwner(ctx, n)
		wantField(t, err, field)
	}
	owned(w)
	needed, err = w.FirstStart(ctx)
	must(t, err)
	if needed {
		t.Error("a first start is still needed")
	}
	_, err = w.CreateOwner(ctx, right)
	wantKind(t, err, fault.KindConflict)
	in, err := w.SignIn(ctx, " ANN@northwind.example ", good)
	must(t, err)
	if in.Ticket != "" || in.User.ID != w.ann.ID || in.User.Email != "ann@northwind.example" || !in.User.SignedInAt.Equal(w.now) {
		t.Errorf("signed in: %+v", in)
	}
	orgs, err := w.Organizations(ctx, w.ann.ID)
	must(t, err)
	if len(orgs) != 1 || orgs[0].Organization.Name != "Northwind IT" || orgs[0].Role != account.Owner {
		t.Errorf("organizations: %+v", orgs)
	}
}

func TestEmailAddresses(t *testing.T) {
	w := newWorld(t)
	for _, text := range []string{"", "ann", "ann@", "@x.example", "Ann <ann@x.example>", "ann@x.example, bob@x.example", "a b@x.example",
		`"a b"@x.example`, "ann@x.example\nBcc: eve@x.example"} {
		_, err := w.Invite(t.Context(), w.org, text, account.Viewer, ops)
		wantField(t, err, "email")
	}
	l, err := w.Invite(t.Context(), w.org, " Bob.O'Hara+spindle@X.example ", account.Viewer, ops)
	must(t, err)
	if l.Email != "bob.o'hara+spindle@x.example" {
		t.Errorf("the address became %q", l.Email)
	}
}

// TestWrongPasswordsAndUnknownPeopleLookTheSame holds that neither answers nor locks tell who is a user.
func TestWrongPasswordsAndUnknownPeopleLookTheSame(t *testing.T) {
	w := newWorld(t)
	type answer struct {
		kind           fault.Kind
		message, later string
	}
	try := func(email string) answer {
		_, err := w.SignIn(t.Context(), email, secret.New("not the password"))
		a := answer{kind: fault.KindOf(err), message: err.Error() + fault.Remedy(err)}
		if at, ok := fault.RetryAt(err); ok {
			a.later = at.Sub(w.now).String()
		}
		return a
	}
	for i := range 12 {
		known, unknown := try("ann@northwind.example"), try("nobody@northwind.example")
		if known != unknown {
			t.Fatalf("attempt %d: %+v for a user, %+v for a stranger", i+1, known, unknown)
		}
		if i == 7 {
			w.pass(3 * time.Minute)
		}
	}
}

func TestLockGrowsAndEnds(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	wrong := func() error {
		_, err := w.SignIn(ctx, w.ann.Email, secret.New("not the password"))
		return err
	}
	for range 5 {
		wantKind(t, wrong(), fault.KindUnauthorized)
	}
	for _, lock := range []time.Duration{1, 2, 4, 8, 16, 32, 60, 60, 60} {
		lock *= time.Minute
		_, err := w.SignIn(ctx, w.ann.Email, good) // the right one does not help while the lock lasts
		wantKind(t, err, fault.KindWaitUntil)
		if at, _ := fault.RetryAt(err); !at.Equal(w.now.Add(lock)) {
			t.Fatalf("locked until %s, want %s", at, w.now.Add(lock))
		}
		w.pass(lock - time.Microsecond)
		wantKind(t, wrong(), fault.KindWaitUntil)
		w.pass(time.Microsecond)
		wantKind(t, wrong(), fault.KindUnauthorized)
	}
	w.pass(time.Hour)
	_, err := w.SignIn(ctx, w.ann.Email, good)
	must(t, err)
	for range 4 {
		wantKind(t, wrong(), fault.KindUnauthorized)
	}
	_, err = w.SignIn(ctx, w.ann.Email, good) // counted from the start again
	must(t, err)
}

func TestManyGuessesAtOnceGetNoFurther(t *testing.T) {
	w := newWorld(t)
	var mu sync.Mutex
	kinds := map[fault.Kind]int{}
	var guesses sync.WaitGroup
	for range 20 {
		guesses.Go(func() {
			_, err := w.SignIn(t.Context(), w.ann.Email, secret.New("one of many guesses"))
			mu.Lock()
			defer mu.Unlock()
			kinds[fault.KindOf(err)]++
		})
	}
	guesses.Wait()
	if kinds[fault.KindUnauthorized] != 5 || kinds[fault.KindWaitUntil] != 15 {
		t.Errorf("answers: %v", kinds)
	}
}

func TestSessionsEnd(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	alive := func(epoch int64) error {
		_, err := w.Visit(ctx, w.ann.ID, epoch)
		return err
	}
	must(t, alive(w.ann.Epoch))
	u, err := w.SignOutEverywhere(ctx, w.ann.ID, w.actor(w.ann.ID, w.org))
	must(t, err)
	wantKind(t, alive(w.ann.Epoch), fault.KindUnauthorized)
	must(t, alive(u.Epoch))
	better := secret.New("meadow-under-quartz-7")
	_, err = w.ChangePassword(ctx, u.ID, secret.New("wrong old one"), better)
	wantKind(t, err, fault.KindUnauthorized)
	_, err = w.ChangePassword(ctx, u.ID, good, secret.New("ann-archer-1"))
	wantField(t, err, "password")
	must(t, alive(u.Epoch))
	changed, err := w.ChangePassword(ctx, u.ID, good, better)
	must(t, err)
	wantKind(t, alive(u.Epoch), fault.KindUnauthorized)
	must(t, alive(changed.Epoch))
	_, err = w.SignIn(ctx, u.Email, good)
	wantKind(t, err, fault.KindUnauthorized)
	_, err = w.SignIn(ctx, u.Email, better)
	must(t, err)

	bob, _ := w.join(w.org, "bob@northwind.example", account.Owner)
	must(t, w.Disable(ctx, w.ann.ID, ops))
	wantKind(t, alive(changed.Epoch+1), fault.KindUnauthorized)
	_, err = w.SignIn(ctx, u.Email, better)
	wantKind(t, err, fault.KindUnauthorized)
	wantKind(t, w.Disable(ctx, bob.ID, ops), fault.KindConflict) // the last owner
	must(t, w.Enable(ctx, w.ann.ID, ops))
	_, err = w.SignIn(ctx, u.Email, better)
	must(t, err)
	_, err = w.Visit(ctx, "u99", 1)
	wantKind(t, err, fault.KindUnauthorized)
}

func TestOneTimePasswords(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	e, err := w.EnrollTOTP(ctx, w.ann.ID)
	must(t, err)
	if len(e.Secret.Reveal()) < 26 || e.PNG.Reveal()[1:4] != "PNG" {
		t.Errorf("enrolment: secret of %d characters, picture of %d bytes", len(e.Secret.Reveal()), len(e.PNG.Reveal()))
	}
	_, err = w.ConfirmTOTP(ctx, w.ann.ID, "000000")
	wantField(t, err, "code")
	in, err := w.SignIn(ctx, w.ann.Email, good) // not confirmed: not asked for
	must(t, err)
	if in.Ticket != "" {
		t.Fatal("an unconfirmed secret counts")
	}
	recovery, err := w.ConfirmTOTP(ctx, w.ann.ID, w.code(e.Secret.Reveal()))
	must(t, err)
	_, err = w.EnrollTOTP(ctx, w.ann.ID)
	wantKind(t, err, fault.KindConflict)
	key := e.Secret.Reveal()

	step := func(code string) error {
		t.Helper()
		in, err := w.SignIn(ctx, w.ann.Email, good)
		must(t, err)
		if in.Ticket == "" || in.User.ID != "" {
			t.Fatalf("in without a code: %+v", in)
		}
		in, err = w.SignInTOTP(ctx, in.Ticket, code)
		if err == nil && (in.User.ID != w.ann.ID || in.Ticket != "") {
			t.Errorf("in as %+v", in)
		}
		return err
	}
	wantKind(t, step(w.code(key)), fault.KindUnauthorized) // the code that confirmed is used up
	w.pass(30 * time.Second)
	now := w.code(key)
	must(t, step(now[:3]+" "+now[3:]))
	wantKind(t, step(now), fault.KindUnauthorized) // a replay
	w.pass(time.Minute)
	early := w.code(key)
	w.pass(30 * time.Second)
	must(t, step(early)) // a clock half a minute off
	w.pass(5 * time.Minute)
	wantKind(t, step(early), fault.KindUnauthorized)
	wantKind(t, step(""), fault.KindUnauthorized)
	if len(recovery) != 10 {
		t.Fatalf("%d recovery codes", len(recovery))
	}
	must(t, step(" "+recovery[0].Reveal()+" "))
	wantKind(t, step(recovery[0].Reveal()), fault.KindUnauthorized)
	must(t, step(recovery[1].Reveal()))
	must(t, w.DisableTOTP(ctx, w.ann.ID, w.actor(w.ann.ID, w.org)))
	in, err = w.SignIn(ctx, w.ann.Email, good)
	must(t, err)
	if in.Ticket != "" {
		t.Error("a code is still asked for")
	}
}

// TestCodesCannotBeGuessedByWhoKnowsThePassword holds that the right password does not forgive wrong codes.
func TestCodesCannotBeGuessedByWhoKnowsThePassword(t *testing.T) {
	w := newWorld(t)
	w.enrol(w.ann.ID)
	for i := range 5 {
		in, err := w.SignIn(t.Context(), w.ann.Email, good)
		must(t, err)
		_, err = w.SignInTOTP(t.Context(), in.Ticket, "123123")
		if fault.KindOf(err) != fault.KindUnauthorized {
			t.Fatalf("guess %d: %v", i+1, err)
		}
	}
	_, err := w.SignIn(t.Context(), w.ann.Email, good)
	wantKind(t, err, fault.KindWaitUntil)
}

func TestTicketsAreGoodForFiveMinutesAndOnePerson(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	key, _ := w.enrol(w.ann.ID)
	in, err := w.SignIn(ctx, w.ann.Email, good)
	must(t, err)
	w.pass(5 * time.Minute)
	_, err = w.SignInTOTP(ctx, in.Ticket, w.code(key))
	wantKind(t, err, fault.KindUnauthorized)
	for _, forged := range []string{"", "x", in.Ticket[:len(in.Ticket)-2]} {
		_, err := w.SignInTOTP(ctx, forged, w.code(key))
		wantKind(t, err, fault.KindUnauthorized)
	}
	in, err = w.SignIn(ctx, w.ann.Email, good)
	must(t, err)
	_, err = w.SignOutEverywhere(ctx, w.ann.ID, ops)
	must(t, err)
	_, err = w.SignInTOTP(ctx, in.Ticket, w.code(key))
	wantKind(t, err, fault.KindUnauthorized)
}
