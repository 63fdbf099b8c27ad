// Package rows turns Microsoft's billing rows into the words of the trade. Files and exports spell the same rows in three ways
// (Microsoft sheet §4.1); this package is the one place that knows them all, so that both adapters read alike.
//
// It works in three steps: a Reader splits JSON or CSV text into a Row of named cells; LineCollector and UsageCollector read the
// cells of a row and either take it or say what is wrong with it; their sets come out whole, with a control report.
package rows
