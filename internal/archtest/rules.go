package archtest

// module is the path of the module.
const module = "spindle"

// room says what one package, or with /... a tree of packages, may import of
// ours. The first room that covers a package counts.
type room struct {
	pkg string
	may []string
	why string
}

const (
	whyLeaf     = "leaf packages are free to all, so they stand on nothing"
	whyPure     = "the rules of money are pure: words of the trade in, values out"
	whyPort     = "a port knows the words of the trade and no adapter"
	whyAdapter  = "adapters translate; they know neither the run nor the database, and not each other"
	whySuite    = "a conformance suite knows the port and nothing of its implementations"
	whySim      = "a simulator is written from the vendor's documents; sharing code would share misreadings"
	whyEdge     = "the edges call engine and store; no rule and no adapter lives there"
	whyDataDown = "data moves one way, and nothing imports upwards"
)

var (
	port    = []string{"billing", "money", "fault"}
	adapter = append([]string{"secret", "transport"}, port...)
	// The target port for its values: the report of a check is printed as it is.
	edge = []string{"account", "engine", "store", "target", "job", "plan", "rating", "mapping", "billing", "money", "fault", "secret", "sheet"}
)

func with(may []string, more ...string) []string { return append(more, may...) }

// rooms is the table of who may import whom.
var rooms = []room{
	{"fault", nil, whyLeaf},
	{"secret", []string{"fault"}, whyLeaf},
	{"money", []string{"fault"}, whyLeaf},

	{"billing", []string{"money", "fault"}, whyPure},
	{"rating", port, whyPure},
	{"plan", port, whyPure},
	{"mapping", port, whyPure},

	{"source", port, whyPort},
	{"source/sourcetest", with(port, "source"), whySuite},
	{"source/rows", with(port, "source"), "a helper of the sources, below all of them"},
	{"source/derive", with(port, "source"), "pure derivation of facts from facts, below the sources and the engine"},
	{"source/...", with(adapter, "source", "source/rows", "source/derive"), whyAdapter},
	{"target", with(port, "plan"), whyPort},
	{"target/targettest", with(port, "plan", "target"), whySuite},
	{"target/...", with(adapter, "plan", "target"), whyAdapter},
	{"transport", []string{"fault", "secret"}, "manners of outgoing calls, whatever they say"},

	{"store/storetest", with(port, "store", "target", "plan", "rating", "secret"), whySuite},
	// The port, because its receipts are kept; never an adapter.
	{"store/...", with(port, "target", "plan", "rating", "secret"), "the store keeps facts; it knows neither the run nor an adapter"},
	{"job", []string{"fault"}, "jobs are ids and kinds"},
	{"job/...", []string{"job", "fault"}, "a queue knows jobs, not what they do"},
	{"engine/...", with(port, "source", "source/derive", "target", "plan", "rating", "mapping", "store", "job", "secret"),
		"the engine knows ports, never adapters, so that a new vendor changes nothing here"},

	{"account", []string{"store", "billing", "secret", "fault"}, "who may do what is decided over the store, beside the engine and not through it"},

	{"sheet", []string{"fault"}, "a file format, whatever is in it"},
	{"config", []string{"billing", "secret", "fault"}, "settings are read before anything else exists"},
	{"web/...", with(edge, "web/..."), whyEdge},
	{"app", []string{
		"account", "billing", "config", "engine", "fault", "job/...", "mapping", "money", "plan", "rating", "secret",
		"source/...", "store", "target/...", "transport", "web/...",
	}, "the composition root builds everything but the command line and the simulators"},
	{"cli/...", with(edge, "app", "config", "sim/...", "web/..."), whyEdge},

	{"sim/scenario", nil, whySim},
	{"sim/...", []string{"sim/scenario"}, whySim},

	{"archtest", nil, "the guard reads text and depends on nothing it guards"},
	{"e2e/...", nil, "it holds tests only, which may import anything"},
	{"cmd/...", []string{"cli"}, "main hands over to cli, so that a test can start the same program"},
}

// outsideRule keeps imports of packages that are not ours to some rooms (only)
// or out of some (not).
type outsideRule struct {
	imports  []string
	only     []string
	not      []string
	testsMay bool
	why      string
}

// outside is the table of rules on packages that are not ours.
var outside = []outsideRule{
	{
		imports: []string{"golang.org/x/crypto/...", "github.com/coreos/go-oidc/...", "github.com/pquerna/otp/..."},
		only:    []string{"account"},
		why:     "how people prove who they are is decided in one room",
		// A test of a page is a person with an app.
		testsMay: true,
	},
	{
		imports: []string{"github.com/riverqueue/..."},
		only:    []string{"job/riverqueue"},
		why:     "the queue stays replaceable: jobs are nudges, and one package knows River",
	},
	{
		imports: []string{"modernc.org/sqlite/...", "github.com/jackc/pgx/v5/...", "github.com/pressly/goose/v3/..."},
		only:    []string{"store/...", "job/riverqueue"},
		why:     "one package knows which databases there are",
	},
	{
		imports: []string{"context", "net/...", "database/sql/...", "encoding/json/...", "log/...", "os/...", "io/...", "github.com/..."},
		not:     []string{"billing"},
		why:     whyPure,
		// Tests show that the nouns come back from the documents they are stored in.
		testsMay: true,
	},
	{
		imports: []string{"context", "net/...", "database/sql/...", "encoding/json/...", "log/...", "os/...", "math/rand/..."},
		not:     []string{"rating/...", "plan/...", "mapping", "money"},
		why:     "plans are deterministic and pure: no clock, no network, no storage, no log",
		// Tests read golden files and log.
		testsMay: true,
	},
	{
		imports: []string{"net/http/..."},
		not:     []string{"engine/...", "store/...", "job/...", "source", "target"},
		why:     "the wire is the adapters' business",
		// An end-to-end test of the engine serves simulators.
		testsMay: true,
	},
	{
		imports: []string{"github.com/chromedp/..."},
		only:    []string{"e2e/browser"},
		why:     "a browser is driven by tests of the whole program only",
	},
	{
		imports:  []string{"database/sql/..."},
		not:      []string{"account", "web/...", "cli/...", "engine/...", "source/...", "target/...", "transport"},
		why:      "SQL lives in store",
		testsMay: true,
	},
}

// pureRooms use no clock and carry no storage format.
var pureRooms = []string{"money", "billing", "rating/...", "plan/...", "mapping"}

var clockNames = []string{"Now", "Since", "Until", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker", "Sleep", "Local"}

const (
	whyNoClock = "equal inputs give equal bytes: dates are passed in"
	whyNoTags  = "how a value is stored or sent is the business of store and of the adapters"
	whyNoFloat = "money is exact: 0.1 has no binary form, so no float comes near an amount"
)

// exactRooms deal in amounts.
var exactRooms = []string{
	"money", "billing", "rating/...", "plan/...", "source/...", "target/...", "engine/...", "store/...",
}

var floatNames = []string{
	"float64", "float32", "complex128", "complex64",
	"ParseFloat", "FormatFloat", "AppendFloat", "Float64", "InexactFloat64", "NewFromFloat", "NewFromFloat32", "SetFloat64",
}
