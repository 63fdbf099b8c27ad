// Package partnercenter reads customers, subscriptions and invoices from Microsoft Partner Center, and billed and unbilled rows from
// the partner billing exports of Microsoft Graph (Microsoft sheet §1 to §3, Appendix D). It only reads.
package partnercenter
