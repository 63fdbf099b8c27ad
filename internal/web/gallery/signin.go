package gallery

import (
	"encoding/base64"

	"spindle/internal/web/view"
)

func emailField() view.Field {
	return view.Field{Name: "email", Label: "E-mail address", Type: "email", Required: true, Autocomplete: "username"}
}

func passwordField(name, label string) view.Field {
	return view.Field{Name: name, Label: label, Type: "password", Required: true, Autocomplete: "new-password", Help: "At least 12 characters; a few words in a row are good."}
}

func signInPages() []Page {
	in := view.SignIn{Next: "/o/northwind/runs", Email: emailField(), Password: view.Field{Name: "password", Label: "Password", Type: "password", Required: true, Autocomplete: "current-password"}}
	openID := in
	openID.OpenID = "your company's account"
	wrong := openID
	wrong.Email.Value = "ann@northwind.example"
	wrong.Notice = view.Notice{Tone: "bad", Text: "address or password is wrong", Remedy: "Try again; after 5 mistakes the account is locked for a while."}
	locked := wrong
	locked.Notice = view.Notice{Tone: "bad", Text: "this account is locked until 2026-10-03 09:30 UTC after 5 mistakes", Remedy: "Wait, or ask an owner or admin for a sign-in link."}
	code := view.SecondFactor{Code: view.Field{Name: "code", Label: "Code", Required: true, Autocomplete: "one-time-code", InputMode: "text"}}
	wrongCode := code
	wrongCode.Notice = view.Notice{Tone: "bad", Text: "the code is wrong or was used already", Remedy: "Enter the one the app shows now."}
	organization, email := view.Field{Name: "organization", Label: "Your company", Required: true, Autocomplete: "organization", Help: "The MSP whose Autotask is kept in step. More can be added later."}, emailField()
	first := view.Join{Title: "Welcome to Spindle", Text: "You are the first here, so you become the owner of this installation. Others come by invitation.", Action: "/start", Button: "Begin",
		Organization: &organization, Email: &email, Name: view.Field{Name: "name", Label: "Your name", Required: true, Autocomplete: "name"}, Password: passwordField("password", "Password")}
	short := first
	short.Name.Value, short.Password.Error = "Ann Baker", "the password has 6 characters: take at least 12"
	short.Notice = view.Notice{Tone: "bad", Text: "Nothing was saved: 1 field needs another value"}
	invited := view.Join{Title: "Join Northwind IT", Text: "You were invited as biller: maps, prices, imports and plans. You will sign in as cleo@northwind.example.", Action: "/invite/x", Button: "Join",
		Name: first.Name, Password: first.Password}
	return []Page{
		{"sign-in", "plain", view.SignInPage(in)},
		{"sign-in", "with identity provider", view.SignInPage(openID)},
		{"sign-in", "refused", view.SignInPage(wrong)},
		{"sign-in", "locked out", view.SignInPage(locked)},
		{"second factor", "plain", view.SecondFactorPage(code)},
		{"second factor", "refused", view.SecondFactorPage(wrongCode)},
		{"first start", "plain", view.JoinPage(first)},
		{"first start", "short password", view.JoinPage(short)},
		{"link", "sign in", view.LinkPage(view.Link{Title: "Sign in", Action: "/link/x", Button: "Sign in", Text: "This link signs in Ann Baker (ann@northwind.example), once. You are Bob Clark at the moment and would be signed out."})},
		{"invitation", "new person", view.JoinPage(invited)},
		{"invitation", "known person", view.LinkPage(view.Link{Title: "Join Northwind IT", Action: "/invite/x", Button: "Join", Text: "cleo@northwind.example has an account here already. It becomes biller of Northwind IT."})},
		{"reset", "plain", view.JoinPage(view.Join{Title: "A new password", Text: "Choose a new password. You are signed out everywhere else.", Action: "/reset/x", Button: "Set it", Password: passwordField("password", "New password")})},
		{"me", "full", view.MePage(sampleMe(true))},
		{"me", "nowhere a member", view.MePage(sampleMe(false))},
		{"one-time passwords", "set up", view.EnrolPage(view.Enrol{QR: samplePicture(), Secret: "JBSW Y3DP EHPK 3PXP", Code: codeField("")})},
		{"one-time passwords", "wrong code", view.EnrolPage(view.Enrol{Code: codeField("the code does not fit: check the clock of the phone"), Notice: view.Notice{Tone: "bad", Text: "Nothing was saved: 1 field needs another value"}})},
		{"one-time passwords", "recovery codes", view.RecoveryPage(view.Enrol{Recovery: []string{"4f7a-2f0c", "9b1d-4e6f", "b2d4-c6e8", "1111-4222"}})},
		{"one-time passwords", "switch off", view.LinkPage(view.Link{Title: "Switch off one-time passwords?", Text: "From then on your password alone opens your account.", Action: "/me/totp/off", Button: "Switch them off", Danger: true, Back: "/me"})},
	}
}

func codeField(problem string) view.Field {
	return view.Field{Name: "code", Label: "Six digits from the app", Error: problem, Required: true, Autocomplete: "one-time-code", InputMode: "numeric"}
}

func sampleMe(member bool) view.Me {
	v := view.Me{Person: view.Person{Name: "Ann Baker", Email: "ann@northwind.example"}, Password: true, TOTP: member,
		Current: view.Field{Name: "current", Label: "Current password", Type: "password", Required: true, Autocomplete: "current-password"},
		New:     passwordField("password", "New password"), NewOrg: view.Field{Name: "name", Label: "Name of the organization", Required: true}}
	if member {
		v.Organizations, v.MayCreate = manyOrganizations(runShell("", "")).Orgs, true
	}
	return v
}

// samplePicture stands for a QR code: nobody shall scan a sample.
func samplePicture() string {
	picture := `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><path fill="#fff" d="M0 0h8v8H0z"/><path d="M1 1h2v2H1zM5 1h2v2H5zM1 5h2v2H1zM4 4h1v1H4zM6 5h1v2H6z"/></svg>`
	return "data:image/svg+xml;base64," + base64.StdEncoding.EncodeToString([]byte(picture))
}
