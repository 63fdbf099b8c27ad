// Package cli holds the commands: one file per noun, text for people and JSON for machines.
//
// A command asks the engine or the store and prints what they say; no rule lives here. Every error names what to do next, and the exit
// code says who acts: see fault.ExitCode.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/user"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"spindle/internal/app"
	"spindle/internal/config"
	"spindle/internal/engine"
	"spindle/internal/fault"
	"spindle/internal/store"
)

// Streams are what a command reads and writes.
type Streams struct {
	In  io.Reader
	Out io.Writer
	Err io.Writer
	Env func(string) (string, bool)
}

// System gives the process's own streams and environment.
func System() Streams {
	return Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Env: os.LookupEnv}
}

// globals are the flags of every command.
type globals struct {
	Org  string `group:"Everywhere" help:"The organization, by name or id. Not needed while there is only one." placeholder:"NAME" from:"SPINDLE_ORG"`
	JSON bool   `group:"Everywhere" help:"Print JSON for machines instead of text." name:"json"`
	As   string `group:"Everywhere" help:"Who is acting, for the audit trail." placeholder:"NAME" from:"SPINDLE_AS"`

	Config    string `group:"Everywhere" help:"Settings file, key = value per line." placeholder:"FILE" type:"path"`
	DataDir   string `group:"Everywhere" help:"Folder for the database, the master key and imported files." placeholder:"DIR"`
	Database  string `group:"Everywhere" help:"SQLite file, or postgres://user@host/name; one with a password belongs into SPINDLE_DATABASE." placeholder:"URL"`
	LogLevel  string `group:"Everywhere" help:"debug, info, warn or error." placeholder:"LEVEL"`
	LogFormat string `group:"Everywhere" help:"text or json." placeholder:"FORMAT"`
	Today     string `group:"Everywhere" help:"Act as if today were this date, for practice." placeholder:"YYYY-MM-DD"`
}

type root struct {
	globals

	Org_          orgCommand           `cmd:"" name:"org" help:"Create and list organizations." group:"Set up"`
	Autotask      autotaskCommand      `cmd:"" help:"The Autotask connector: switch, credentials, service settings." group:"Set up"`
	Doctor        doctorCommand        `cmd:"" help:"Test connections, prerequisites and settings, and say how to fix each." group:"Set up"`
	Microsoft     microsoftCommand     `cmd:"" help:"Partner Center connection, or downloaded files." group:"Set up"`
	Users         usersCommand         `cmd:"" help:"The people of the console: invite, sign in by link, roles." group:"Set up"`
	Tokens        tokensCommand        `cmd:"" help:"API tokens for programs." group:"Set up"`
	Customers     customersCommand     `cmd:"" help:"Map customers to Autotask companies." group:"Map"`
	Subscriptions subscriptionsCommand `cmd:"" help:"See subscriptions and switch billing on." group:"Map"`
	Contracts     contractsCommand     `cmd:"" help:"Choose the contract of a customer, subscription or resource group." group:"Map"`
	Services      servicesCommand      `cmd:"" help:"Map products to services, add custom services, choose who decides the price." group:"Map"`
	Prices        pricesCommand        `cmd:"" help:"Price rules, most specific first." group:"Map"`
	Plan          planCommand          `cmd:"" help:"Read both sides and show what would change. Writes nothing." group:"Bill"`
	Show          showCommand          `cmd:"" help:"Show the plan of a run and what became of it." group:"Bill"`
	Approve       approveCommand       `cmd:"" help:"Approve changes of a run." group:"Bill"`
	Reject        rejectCommand        `cmd:"" help:"Reject changes of a run." group:"Bill"`
	Apply         applyCommand         `cmd:"" help:"Write the approved changes to Autotask and verify them by reading back." group:"Bill"`
	Runs          runsCommand          `cmd:"" help:"List runs." group:"Bill"`
	Export        exportCommand        `cmd:"" help:"Export a plan, or what became of every line Microsoft billed, as CSV." group:"Bill"`
	Audit         auditCommand         `cmd:"" help:"Show and verify the audit trail." group:"Bill"`
	Retention     retentionCommand     `cmd:"" help:"Say for how long what nothing leads to any more is kept." group:"Operate"`
	Serve         serveCommand         `cmd:"" help:"Run the console, the schedule and the worker." group:"Operate"`
	Backup        backupCommand        `cmd:"" help:"Write a copy of the database." group:"Operate"`
	Demo          demoCommand          `cmd:"" help:"See a whole month billed against two simulators. Nothing to configure." group:"Try"`
	Sim           simCommand           `cmd:"" help:"Serve the Autotask and Microsoft simulators." group:"Try"`
	Gallery       galleryCommand       `cmd:"" help:"Serve every page of the console in every state, with sample data." group:"Try"`
	Version       versionCommand       `cmd:"" help:"Print the version." group:"Operate"`
	Completion    completionCommand    `cmd:"" help:"Print shell completion for bash, zsh or fish." group:"Operate"`
}

// session is what a command gets: streams, flags, and the program once it is needed.
type session struct {
	Streams
	globals globals
	kong    *kong.Kong
	app     *app.App
	version string
	serving bool // logs as configured; a command says itself what happened
	printed bool // a JSON document is on standard output
}

// Run executes one command line and gives the exit code.
func Run(ctx context.Context, args []string, streams Streams, version string) int {
	var r root
	exit := -1
	parser, err := kong.New(&r, kong.Name("spindle"),
		kong.Description("Keeps Autotask in step with what you buy from Microsoft as a Cloud Solution Provider."),
		kong.Writers(streams.Out, streams.Err), kong.Exit(func(code int) { exit = code }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, NoExpandSubcommands: true}),
		kong.Resolvers(environment(streams.Env)), kong.ValueFormatter(valueHelp),
		kong.BindTo(ctx, (*context.Context)(nil)))
	if err != nil {
		fmt.Fprintln(streams.Err, err)
		return 1
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	parsed, err := parser.Parse(negatives(args))
	if exit >= 0 {
		return exit
	}
	s := &session{Streams: streams, globals: r.globals, kong: parser, version: version}
	if err != nil {
		s.globals.JSON = s.globals.JSON || slices.Contains(args, "--json") // the flag may stand behind the mistake
		return s.fail(misused(err, parser.Model.Name))
	}
	defer s.close()
	if err := parsed.Run(s); err != nil {
		return s.fail(err)
	}
	return 0
}

// environment gives flags their values from the variables that their tag "from" names, out of the streams' own environment: the demo and
// the tests must not see the machine's.
func environment(lookup func(string) (string, bool)) kong.Resolver {
	var resolve kong.ResolverFunc = func(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
		name := flag.Tag.Get("from")
		if name == "" {
			return nil, nil
		}
		if text, found := lookup(name); found && text != "" {
			return text, nil
		}
		return nil, nil
	}
	return resolve
}

// valueHelp adds the variable to a flag's help.
func valueHelp(v *kong.Value) string {
	if name := v.Tag.Get("from"); name != "" {
		return fmt.Sprintf("%s ($%s)", v.Help, name)
	}
	return kong.DefaultHelpValueFormatter(v)
}

// minus stands for the sign of a negative number: the parser takes everything that begins with a hyphen for a flag.
const minus = "\u2212"

// negatives lets "-5" be a value.
func negatives(args []string) []string {
	args = slices.Clone(args)
	for i, a := range args {
		if rest, cut := strings.CutPrefix(a, "-"); cut && rest != "" && strings.Trim(rest, "0123456789.,%") == "" {
			args[i] = minus + rest
		}
	}
	return args
}

// misused explains a command line that could not be read; the parser's own text already suggests the nearest word.
func misused(err error, program string) error {
	command := program
	var wrong *kong.ParseError
	if errors.As(err, &wrong) && wrong.Context != nil {
		for n := wrong.Context.Selected(); n != nil && n.Type == kong.CommandNode; n = n.Parent {
			command = program + strings.TrimSuffix(" "+n.Name+strings.TrimPrefix(command, program), " ")
		}
	}
	text := strings.NewReplacer("unexpected argument", "there is no command or argument", "unknown flag", "there is no flag", minus, "-").Replace(err.Error())
	return fault.Invalidf("%s", text).Do(command + " --help shows what there is")
}

func (s *session) close() {
	if s.app == nil {
		return
	}
	if err := s.app.Close(); err != nil {
		fmt.Fprintln(s.Err, "close the database:", err)
	}
}

// fail prints an error with its remedy and gives the exit code. Joined errors are printed one by one.
func (s *session) fail(err error) int {
	if errors.Is(err, context.Canceled) {
		err = fault.Transientf("interrupted").Do("run the command again; what was begun is settled by reading")
	}
	code := fault.ExitCode(fault.KindOf(err))
	if s.printed && s.globals.JSON { // the one document says what is wrong
		return code
	}
	if s.globals.JSON {
		s.printJSON(map[string]any{"error": problemsOf(err), "exit_code": code})
		return code
	}
	for _, p := range problemsOf(err) {
		fmt.Fprintf(s.Err, "spindle: %s\n", strings.ReplaceAll(p.Message, "\n", "\n         "))
		if p.Remedy != "" {
			fmt.Fprintf(s.Err, "         %s\n", p.Remedy)
		}
	}
	return code
}

type problemView struct {
	Kind    string `json:"kind"`
	Field   string `json:"field,omitempty"`
	Message string `json:"message"`
	Remedy  string `json:"remedy,omitempty"`
}

func problemsOf(err error) []problemView {
	var all []problemView
	for _, part := range parts(err) {
		p := problemView{Kind: string(fault.KindOf(part)), Message: part.Error(), Remedy: fault.Remedy(part)}
		if f := fault.Find(part); f != nil {
			p.Field = f.Field
		}
		all = append(all, p)
	}
	return all
}

// parts splits errors that were joined because several things were wrong at once.
func parts(err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok && strings.Contains(err.Error(), "\n") {
		var all []error
		for _, e := range joined.Unwrap() {
			all = append(all, parts(e)...)
		}
		return all
	}
	return []error{err}
}

// config puts flags, environment and file together, and says whether a log level is among them.
func (s *session) config() (cfg config.Config, level bool, err error) {
	flags := map[string]string{}
	for key, value := range map[string]string{"data-dir": s.globals.DataDir, "database": s.globals.Database,
		"log-level": s.globals.LogLevel, "log-format": s.globals.LogFormat, "today": s.globals.Today} {
		if value != "" {
			flags[key] = value
		}
	}
	layers := []config.Values{config.FromFlags(flags), config.FromEnv(s.Env)}
	if s.globals.Config != "" {
		values, err := config.FromFile(s.globals.Config)
		if err != nil {
			return cfg, false, err
		}
		layers = append(layers, values)
	}
	merged := config.Merge(layers...)
	_, level = merged["log-level"]
	cfg, err = config.Load(merged, s.Env)
	return cfg, level, err
}

// open builds the program on first use.
func (s *session) open(ctx context.Context) (*engine.Engine, error) {
	if s.app != nil {
		return s.app.Engine, nil
	}
	cfg, level, err := s.config()
	if err != nil {
		return nil, err
	}
	if s.app, err = app.New(ctx, cfg, s.logger(cfg, level)); err != nil {
		return nil, err
	}
	return s.app.Engine, nil
}

// logger writes what the settings ask for. Unless a level is given a command logs nothing but its own failure: it says in its own words
// what happened, and tries again by itself when the network falters.
func (s *session) logger(cfg config.Config, given bool) *slog.Logger {
	var level slog.Level
	if err := level.UnmarshalText([]byte(cfg.LogLevel)); err != nil {
		level = slog.LevelInfo
	}
	if !given && !s.serving {
		level = slog.LevelError + 1
	}
	options := &slog.HandlerOptions{Level: level}
	if cfg.LogFormat == config.LogJSON {
		return slog.New(slog.NewJSONHandler(s.Err, options))
	}
	return slog.New(slog.NewTextHandler(s.Err, options))
}

// openOrg builds the program and finds the organization meant.
func (s *session) openOrg(ctx context.Context) (*engine.Engine, store.Organization, error) {
	e, err := s.open(ctx)
	if err != nil {
		return nil, store.Organization{}, err
	}
	org, err := e.Organization(ctx, s.globals.Org)
	return e, org, err
}

// actor names who acts.
func (s *session) actor() string {
	if s.globals.As != "" {
		return s.globals.As
	}
	if u, err := user.Current(); err == nil && u.Username != "" {
		return u.Username
	}
	return "command line"
}
