package view

// AnswersOfFindings is what each kind of finding asks people to do.
func AnswersOfFindings() map[FindingKind]string {
	all := map[FindingKind]string{}
	for kind, answer := range findingAnswers {
		if answer.urgency == "" {
			continue
		}
		all[kind] = answer.do(Finding{Kind: kind, Target: "db-1"})
	}
	return all
}
