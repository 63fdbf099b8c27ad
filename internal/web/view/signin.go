package view

// SignIn is the form that asks who one is.
type SignIn struct {
	Email    Field
	Password Field
	Next     string // where it leads to
	OpenID   string // name on the button of the identity provider; "" for none
	Notice   Notice
}

// SecondFactor is the form that asks for a one-time password.
type SecondFactor struct {
	Code   Field
	Notice Notice
}

// Join is the form of who becomes a user: the owner at the first start, or who was invited.
type Join struct {
	Title        string
	Text         string
	Action       string
	Button       string
	Organization *Field // asked for at the first start of an installation without one
	Email        *Field // nil: known from the invitation
	Name         Field
	Password     Field
	Notice       Notice
}

// Link is the page of a one-time link: it acts only when the button is pressed, so that a mail scanner that follows links uses nothing up.
type Link struct {
	Title  string
	Text   string
	Action string
	Button string
	Danger bool
	Back   string // "" for none
}

// Me is the page of one's own account.
type Me struct {
	Person        Person
	Organizations []Org
	TOTP          bool
	Password      bool
	Current       Field
	New           Field
	NewOrg        Field
	MayCreate     bool
	Notice        Notice
}

// Enrol is the page that sets up one-time passwords.
type Enrol struct {
	QR       string // data: address of the picture
	Secret   string // for apps that can't read the picture
	Code     Field
	Notice   Notice
	Recovery []string // shown once, after it is confirmed
}
