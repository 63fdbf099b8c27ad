package secret

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"strings"

	"spindle/internal/fault"
)

const (
	// sealVersion leads every sealed text and names the format.
	sealVersion = "s1"
	// masterKeyBytes is the size of a master key.
	masterKeyBytes = 32
	// keyIDBytes is the size of the public name of a key.
	keyIDBytes = 8
	// keysMax bounds a keyring.
	keysMax = 64
)

// Row says which stored field a sealed secret belongs to. A sealed text opens
// only for the Row it was sealed for: copying it to another organization, row
// or field makes it useless.
type Row struct {
	Organization string
	Table        string
	ID           string
	Field        string
}

// what names the row for people: "connection autotask".
func (r Row) what() string {
	return strings.TrimSpace(strings.ReplaceAll(r.Table, "_", " ") + " " + r.ID)
}

// aad encodes the row so that no two rows give the same bytes.
func (r Row) aad() []byte {
	var b []byte
	for _, part := range []string{sealVersion, r.Organization, r.Table, r.ID, r.Field} {
		b = binary.BigEndian.AppendUint64(b, uint64(len(part)))
		b = append(b, part...)
	}
	return b
}

// Keyring holds the master keys of an installation. The newest one seals; all
// of them open, so that a key can be replaced while old texts are still stored.
// A Keyring is safe for use by several goroutines.
type Keyring struct {
	newest string
	seals  map[string]cipher.AEAD // by key id
}

// newKeyring makes a keyring of master keys, oldest first.
func newKeyring(keys [][]byte) (*Keyring, error) {
	if len(keys) == 0 || len(keys) > keysMax {
		return nil, fault.Invalidf("a keyring holds 1 to %d keys, not %d", keysMax, len(keys))
	}
	k := &Keyring{seals: make(map[string]cipher.AEAD, len(keys))}
	for _, key := range keys {
		id, seal, err := derive(key)
		if err != nil {
			return nil, err
		}
		k.seals[id], k.newest = seal, id
	}
	return k, nil
}

// derive makes the public id and the sealing cipher of a master key. The key
// itself encrypts nothing, so that later uses can have keys of their own.
func derive(master []byte) (id string, seal cipher.AEAD, err error) {
	name, err := hkdf.Key(sha256.New, master, nil, "spindle key id", keyIDBytes)
	if err != nil {
		return "", nil, err
	}
	key, err := hkdf.Key(sha256.New, master, nil, "spindle stored credentials "+sealVersion, 32)
	if err != nil {
		return "", nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return "", nil, err
	}
	seal, err = cipher.NewGCMWithRandomNonce(block)
	return hex.EncodeToString(name), seal, err
}

// KeyID returns the public name of the key that seals.
func (k *Keyring) KeyID() string { return k.newest }

// Seal encrypts a secret for one stored field. The result is printable text
// of the form version.key-id.data.
func (k *Keyring) Seal(s String, row Row) string {
	data := k.seals[k.newest].Seal(nil, nil, []byte(s.Reveal()), row.aad())
	return sealVersion + "." + k.newest + "." + base64.RawURLEncoding.EncodeToString(data)
}

// Open decrypts what Seal made for the same row. It fails with
// KindNeedsPerson when the key is missing, and when the text is damaged or
// belongs to another row.
func (k *Keyring) Open(sealed string, row Row) (String, error) {
	id, data, err := split(sealed)
	if err != nil {
		return String{}, err
	}
	seal, ok := k.seals[id]
	if !ok {
		return String{}, fault.NeedsPersonf("what is sealed for %s cannot be opened: its key %s is not in the key file", row.what(), id).
			Do("put the key file that belongs to this database back, or enter the credential again")
	}
	text, err := seal.Open(nil, nil, data, row.aad())
	if err != nil {
		return String{}, fault.NeedsPersonf("what is sealed for %s does not open: it is damaged or was copied from another row", row.what()).
			Do("enter the credential again")
	}
	return New(string(text)), nil
}

// Current reports whether sealed was made with the newest key; if not, open
// it and seal it again.
func (k *Keyring) Current(sealed string) bool {
	id, _, err := split(sealed)
	return err == nil && id == k.newest
}

func split(sealed string) (id string, data []byte, err error) {
	parts := strings.Split(sealed, ".")
	if len(parts) != 3 || parts[0] != sealVersion {
		return "", nil, fault.NeedsPersonf("a stored credential is not sealed text of version %s", sealVersion).
			Do("enter the credential again")
	}
	data, err = base64.RawURLEncoding.Strict().DecodeString(parts[2])
	if err != nil {
		return "", nil, fault.NeedsPersonf("a stored credential is damaged").Do("enter the credential again")
	}
	return parts[1], data, nil
}

// newMasterKey returns a fresh random key. crypto/rand never fails.
func newMasterKey() []byte {
	key := make([]byte, masterKeyBytes)
	_, _ = rand.Read(key)
	return key
}
