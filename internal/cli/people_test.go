package cli_test

import (
	"path/filepath"
	"regexp"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"spindle/internal/account"
	"spindle/internal/secret"
	"spindle/internal/store"
)

// accept does what the console does with a link: it finds the one that the last command printed and makes its person a user. With "in"
// it uses a sign-in link instead, with "reset" a link for a new password.
func accept(ts *testscript.TestScript, neg bool, args []string) {
	found := regexp.MustCompile(`http\S+/(invite|link|reset)/([\w-]{43})`).FindStringSubmatch(ts.ReadFile("stdout"))
	if found == nil {
		ts.Fatalf("the last command printed no link")
	}
	s := on(ts)
	folder := ts.Getenv("SPINDLE_DATA_DIR")
	now := func() time.Time { return time.Date(2026, 11, 10, 9, 0, 1, 0, time.UTC) }
	db, err := store.Open(s.ctx, store.Options{URL: filepath.Join(folder, "spindle.db"), Now: now})
	ts.Check(err)
	defer func() { ts.Check(db.Close()) }()
	keys, err := secret.OpenKeyring(filepath.Join(folder, "master.key"), secret.String{})
	ts.Check(err)
	accounts := account.New(account.Deps{Store: db, Keys: keys, Now: now})
	switch kind, token := found[1], found[2]; kind {
	case "invite":
		_, _, err = accounts.AcceptInvite(s.ctx, token, args[0], secret.New("staple-quartz-meadow-9"))
	case "link":
		_, err = accounts.Redeem(s.ctx, token)
	case "reset":
		_, err = accounts.ResetPassword(s.ctx, token, secret.New("meadow-under-quartz-7"))
	}
	if (err != nil) != neg {
		ts.Fatalf("the link: %v", err)
	}
}
