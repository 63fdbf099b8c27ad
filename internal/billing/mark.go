package billing

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"unicode"
)

// Marks are what objects in the target carry so that they can be recognised as ours (design §6.1): short, stable, opaque. Our own
// store is the authority; a mark only helps to find things again.
const (
	markPrefix     = "spindle:" // contract services (internal description), services (sku)
	numberPrefix   = "SPN-"     // contracts (contract number), charges (internal purchase order number)
	markDigits     = 16         // 64 bits of SHA-256: collisions are checked for all the same
	lineMarkLength = len(markPrefix) + markDigits
)

func digest(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:])[:markDigits]
}

// LineMark is the mark of a contract service for a DesiredLine.Key.
func LineMark(org string, key string) string { return markPrefix + digest("line", org, key) }

// serviceMarkMax is the longest text the target's field takes (Autotask sheet §5.3).
const serviceMarkMax = 50

// ServiceMark is the mark of a catalogue service for an offer. It is readable on purpose: clerks look services up by SKU. Offers that
// would be cut by the target, or that MarkIn could not find again, get a digest.
func ServiceMark(o Offer) string {
	mark := markPrefix + o.String()
	if len(mark) > serviceMarkMax || len(mark) < lineMarkLength || strings.ContainsFunc(mark, unicode.IsSpace) {
		return markPrefix + digest("service", o.String())
	}
	return mark
}

// ContractMark is the mark of the contract that Spindle manages for a customer and a purpose.
func ContractMark(org string, customer CustomerID, purpose string) string {
	return numberPrefix + digest("contract", org, string(customer), purpose)
}

// ChargeMark is the mark of a charge for a DesiredCharge.Key.
func ChargeMark(org string, key string) string { return numberPrefix + digest("charge", org, key) }

// MarkIn finds a mark in a text that the target stores; "" when there is none. People may have written around it.
func MarkIn(text string) string {
	for word := range strings.FieldsSeq(text) {
		switch {
		case strings.HasPrefix(word, markPrefix) && len(word) >= lineMarkLength:
			return word
		case strings.HasPrefix(word, numberPrefix) && len(word) == len(numberPrefix)+markDigits:
			return word
		}
	}
	return ""
}
