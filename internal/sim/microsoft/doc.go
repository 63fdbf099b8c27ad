// Package microsoft simulates the Microsoft side of a cloud solution provider in memory, over real HTTP: Entra token
// endpoints, Partner Center REST v1, the Graph partner billing exports and the blob storage that exports point to.
//
// It is written from the Microsoft fact sheet alone (Appendix A is the recipe, Appendix D what clients really send) and
// shares no type with the clients that are tested against it. Where the sheet knows two readings of the vendor's behaviour
// there is a dialect switch, listed by Dialects. The control surface is served apart from the vendor surface.
package microsoft
