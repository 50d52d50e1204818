// Package procedure writes what people read in an emergency: one page for each
// role of a scenario, with the names, telephone numbers, commands and ways by
// hand that are true for this cell, to be printed and kept where nothing is
// needed to read it.
//
// It is not for what the scenario means (access) nor for where the names come
// from: whoever asks hands them over.
//
// The invariant: nothing in a procedure is a general remark that a reader would
// have to translate. What it says follows from the scenario and the cell, so that
// two that say different things have different versions, and an old print can be
// told from a new one.
//
// Read procedure.go first.
package procedure
