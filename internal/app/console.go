package app

import (
	"context"
	"crypto/rand"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"spindle/internal/account"
	"spindle/internal/config"
	"spindle/internal/fault"
	"spindle/internal/job"
	"spindle/internal/secret"
	"spindle/internal/web"
)

// Serving is what became of Serve's start.
type Serving struct {
	URL string // where people's browsers reach the console
	// StartPath leads who has it to the first start of an installation without an owner; it holds a token. Empty once there is an owner.
	StartPath secret.String
}

// console builds the pages over the app. The link for the first start is needed only while nobody is a user.
func (a *App) console(ctx context.Context, queue job.Queue, url string, closing <-chan struct{}) (http.Handler, secret.String, error) {
	uploads := filepath.Join(a.Config.DataDir, "uploads")
	if err := os.MkdirAll(uploads, 0o700); err != nil {
		return nil, secret.String{}, fault.Invalidf("folder for uploads: %w", err).Do("make the data folder writable")
	}
	clearUploads(uploads, time.Now()) // as files have it, whatever the clock of the app
	first, err := a.Accounts.FirstStart(ctx)
	if err != nil {
		return nil, secret.String{}, err
	}
	token := secret.New(rand.Text())
	server := web.New(web.Deps{
		Engine: a.Engine, Store: a.Store, Accounts: a.Accounts, Nudge: queue.Enqueue, Log: a.Log, Now: a.now, UploadDir: uploads,
		Version: a.Version, StartToken: token, PublicURL: a.Config.PublicURL, HostName: hostName(), Secure: strings.HasPrefix(url, "https://"), Closing: closing,
		ServicesTemplate: ServicesTemplate(),
	})
	path := secret.String{}
	if first {
		path = secret.New("/start?token=" + token.Reveal())
	}
	return server.Handler(), path, nil
}

// hostName is the name of this machine; "" when it does not say.
func hostName() string {
	name, err := os.Hostname()
	if err != nil {
		return ""
	}
	return name
}

// uploadLife is how long an upload or a backup may lie in its folder: what is older was left by a process that died.
const uploadLife = 24 * time.Hour

// clearUploads removes what is left of uploads and backups; what cannot be removed is tried again at the next start.
func clearUploads(folder string, now time.Time) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return
	}
	for _, e := range entries {
		if info, err := e.Info(); err == nil && now.Sub(info.ModTime()) > uploadLife {
			_ = os.RemoveAll(filepath.Join(folder, e.Name()))
		}
	}
}

// openID says through which provider people may come in; nil: none.
func openID(cfg config.Config) *account.OIDC {
	if cfg.OIDC.Issuer == "" {
		return nil
	}
	return &account.OIDC{Issuer: cfg.OIDC.Issuer, ClientID: cfg.OIDC.ClientID, Secret: cfg.OIDC.Secret, TrustEmail: cfg.OIDC.TrustEmail,
		RedirectURL: publicURL(cfg) + "/oidc/callback"}
}

// PublicURL is how people reach the console, as far as the settings tell.
func (a *App) PublicURL() string { return publicURL(a.Config) }

func publicURL(cfg config.Config) string { return first(cfg.PublicURL, "http://"+cfg.Listen) }
