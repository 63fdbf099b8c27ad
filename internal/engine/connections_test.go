package engine

import (
	"encoding/json"
	"strings"
	"testing"

	"spindle/internal/secret"
)

// TestTargetCredentialsAreSealedTogether stores a connection and reads it back: neither credential is in what is stored in clear (law 10).
func TestTargetCredentialsAreSealedTogether(t *testing.T) {
	for _, c := range []TargetConfig{
		{UserName: "u", IntegrationCode: "CODE-7", Secret: secret.New("s3cr3t")},
		{UserName: "u", IntegrationCode: "CODE-7", Secret: secret.New("with\nbreak")},
		{UserName: "u", IntegrationCode: "", Secret: secret.New("s3cr3t")},
	} {
		clear, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		if text := string(clear); strings.Contains(text, "CODE-7") || strings.Contains(text, "s3cr3t") {
			t.Errorf("stored in clear: %s", text)
		}
		var back TargetConfig
		if err := json.Unmarshal(clear, &back); err != nil {
			t.Fatal(err)
		}
		back.unseal(c.sealed())
		if back.IntegrationCode != c.IntegrationCode || !back.Secret.Equal(c.Secret) || back.UserName != c.UserName {
			t.Errorf("read back: got %q %q, want %q %q", back.UserName, back.IntegrationCode, c.UserName, c.IntegrationCode)
		}
	}
}
