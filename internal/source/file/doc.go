// Package file reads the billing files a partner or an indirect reseller downloads from Partner Center: reconciliation and daily
// usage, as CSV or JSON Lines, plain, gzip or zip (Microsoft sheet, importer recipe). It also reads the list of custom services.
//
// Bad rows never cost good ones: every broken row is reported with file, line, field, what was read and a remedy, the good rows are
// kept, and the sets of a file with broken rows are marked so that nothing is reduced because of them (laws 2 and 12).
package file
