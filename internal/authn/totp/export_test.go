package totp

// Code is the digits of a secret at a step.
var Code = code

// StepAt is the step of an instant.
var StepAt = stepAt
