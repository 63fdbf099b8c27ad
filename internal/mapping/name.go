package mapping

import (
	"sort"
	"strings"
	"unicode"
)

// name is a company name taken apart for comparison.
type name struct {
	raw    string
	tokens []string // normalised words without legal forms and joining words, in order
	core   string   // tokens joined: equal cores are equal names
	forms  []string // legal forms found, ordered: "bv", "gmbh"
}

// legalForms maps legal forms to the countries they belong to, ISO 3166-1; "" when many use it.
var legalForms = map[string]string{
	"ltd": "", "limited": "", "llc": "US", "llp": "", "inc": "US", "incorporated": "US", "corp": "US", "corporation": "US", "co": "", "company": "",
	"plc": "GB IE", "dac": "IE", "clg": "IE", "pty": "AU",
	"gmbh": "DE AT CH", "mbh": "DE AT CH", "ag": "DE AT CH", "kg": "DE AT", "kgaa": "DE", "ohg": "DE", "ug": "DE", "gbr": "DE", "ev": "DE", "ek": "DE", "eg": "DE",
	"bv": "NL BE", "nv": "NL BE", "vof": "NL BE", "cv": "NL BE", "bvba": "BE", "stichting": "NL",
	"sa": "", "sas": "FR", "sarl": "FR LU", "sasu": "FR", "eurl": "FR", "snc": "FR", "sprl": "BE", "srl": "IT BE", "spa": "IT",
	"ab": "SE FI", "hb": "SE", "as": "NO DK", "asa": "NO", "aps": "DK", "is": "DK", "oy": "FI", "oyj": "FI", "se": "", "sl": "ES", "kft": "HU", "zoo": "PL",
}

// sameForm folds spellings of one legal form.
var sameForm = map[string]string{"limited": "ltd", "incorporated": "inc", "corporation": "corp", "company": "co"}

// joining words say nothing.
var joining = map[string]bool{"and": true, "und": true, "en": true, "et": true, "og": true, "och": true, "ja": true, "the": true, "de": true, "der": true, "die": true, "das": true, "of": true}

// weak words are in so many names that they say little.
var weak = map[string]bool{
	"group": true, "holding": true, "holdings": true, "services": true, "service": true, "international": true, "solutions": true, "consulting": true,
	"partners": true, "systems": true, "technology": true, "technologies": true, "management": true, "plan": true, "gruppe": true, "groep": true, "groupe": true,
}

// short forms that people write instead of a word.
var expansions = map[string]string{
	"intl": "international", "mfg": "manufacturing", "svc": "services", "svcs": "services", "grp": "group", "assoc": "associates", "assocs": "associates",
	"bros": "brothers", "mgmt": "management", "univ": "university", "gebr": "gebruder", "gebroeders": "gebruder", "hldg": "holding", "hldgs": "holdings",
	"m365": "microsoft 365", "o365": "office 365", "ms": "microsoft", "exo": "exchange online", "std": "standard", "bus": "business", "ent": "enterprise",
}

// folds writes letters with marks as people do without them.
var folds = strings.NewReplacer(
	"ä", "a", "ö", "o", "ü", "u", "ß", "ss", "å", "a", "æ", "a", "ø", "o", "œ", "o", "é", "e", "è", "e", "ê", "e", "ë", "e", "á", "a", "à", "a", "â", "a", "ã", "a",
	"í", "i", "ì", "i", "î", "i", "ï", "i", "ó", "o", "ò", "o", "ô", "o", "õ", "o", "ú", "u", "ù", "u", "û", "u", "ç", "c", "ñ", "n", "š", "s", "ž", "z", "ý", "y",
	"ł", "l", "ń", "n", "ś", "s", "ź", "z", "ż", "z", "ć", "c", "č", "c", "ř", "r", "ě", "e", "ő", "o", "ű", "u", "ð", "d", "þ", "th")

// digraphs folds the other way to write the same letters: Mueller and Müller, Soerensen and Sørensen, Aarhus and Århus.
var digraphs = strings.NewReplacer("ae", "a", "oe", "o", "ue", "u", "aa", "a")

// punctuation that joins a word instead of splitting it: B.V., A/S, O'Neill.
var joined = strings.NewReplacer(".", "", "'", "", "’", "", "a/s", "as", "i/s", "is", "z o.o", "zoo")

// parse takes a name apart.
func parse(raw string) name {
	n := name{raw: strings.TrimSpace(raw)}
	text := joined.Replace(strings.ToLower(n.raw))
	words := strings.FieldsFunc(folds.Replace(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	var all []string
	for i, word := range words {
		if _, legal := legalForms[word]; legal && (i > 0 || word == "stichting") && len(words) > 1 {
			if same, folded := sameForm[word]; folded {
				word = same
			}
			n.forms = append(n.forms, word)
			continue
		}
		for _, part := range strings.Fields(expand(word)) {
			if part = digraphs.Replace(part); !joining[part] {
				n.tokens = append(n.tokens, part)
			}
			all = append(all, part)
		}
	}
	if len(n.tokens) == 0 {
		n.tokens = all // a name of joining words only
	}
	n.core = strings.Join(n.tokens, "")
	sort.Strings(n.forms)
	return n
}

func expand(word string) string {
	if long, short := expansions[word]; short {
		return long
	}
	return word
}

// initials gives the first letters of the words: "ardg".
func (n name) initials() string {
	var b strings.Builder
	for _, t := range n.tokens {
		r := []rune(t)
		b.WriteRune(r[0])
	}
	return b.String()
}

// weight of a word in a comparison.
func weight(token string) float64 {
	switch {
	case weak[token]:
		return 0.3
	case strings.ContainsAny(token, "0123456789"):
		return 0.5
	}
	return 1
}

// sameWord compares two words: 1 equal, less for a short form or a slip of the pen, 0 different. Words with digits must be equal:
// Plan 1 is not Plan 2.
func sameWord(a, b string) float64 {
	if a == b {
		return 1
	}
	if strings.ContainsAny(a+b, "0123456789") {
		return 0
	}
	short, long := a, b
	if len(short) > len(long) {
		short, long = long, short
	}
	if len(short) >= 4 && strings.HasPrefix(long, short) {
		return 0.85
	}
	if s := similarity(a, b); len(short) >= 5 && s >= 0.8 {
		return s * 0.9
	}
	return 0
}

// overlap gives how much of the words of two names agree, 0 to 1, each word used once.
func overlap(a, b name) float64 {
	used := make([]bool, len(b.tokens))
	var both, all float64
	for _, t := range b.tokens {
		all += weight(t)
	}
	for _, t := range a.tokens {
		all += weight(t)
		best, at := 0.0, -1
		for i, u := range b.tokens {
			if s := sameWord(t, u); !used[i] && s > best {
				best, at = s, i
			}
		}
		if at >= 0 {
			used[at] = true
			both += best * (weight(t) + weight(b.tokens[at]))
		}
	}
	if all == 0 {
		return 0
	}
	return both / all
}

// similarity gives 1 for equal texts and falls with the edits between them (insert, delete, replace, swap of neighbours).
func similarity(a, b string) float64 {
	x, y := []rune(a), []rune(b)
	longest := max(len(x), len(y))
	if longest == 0 {
		return 1
	}
	return 1 - float64(edits(x, y))/float64(longest)
}

func edits(x, y []rune) int {
	before := make([]int, len(y)+1)
	last := make([]int, len(y)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(x); i++ {
		row := make([]int, len(y)+1)
		row[0] = i
		for j := 1; j <= len(y); j++ {
			cost := 1
			if x[i-1] == y[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last = last, row
	}
	return last[len(y)]
}
