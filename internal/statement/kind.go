package statement

// blanks makes an empty body of each kind.
var blanks = map[Kind]func() Body{
	KindFound:    func() Body { return new(Found) },
	KindSession:  func() Body { return new(Session) },
	KindRequest:  func() Body { return new(Request) },
	KindDecision: func() Body { return new(Decision) },
	KindWithdraw: func() Body { return new(Withdraw) },
	KindFetch:    func() Body { return new(Fetch) },
	KindRelease:  func() Body { return new(Release) },
	KindStop:     func() Body { return new(Stop) },
	KindAttest:   func() Body { return new(Attest) },
	KindChange:   func() Body { return new(Change) },
	KindUpgrade:  func() Body { return new(Upgrade) },
	KindSeal:     func() Body { return new(Seal) },
	KindShare:    func() Body { return new(Share) },
	KindRotate:   func() Body { return new(Rotate) },
	KindInspect:  func() Body { return new(Inspect) },
	KindReview:   func() Body { return new(Review) },
	KindSignOff:  func() Body { return new(SignOff) },
	KindClock:    func() Body { return new(Clock) },
	KindEpoch:    func() Body { return new(Epoch) },
	KindExtend:   func() Body { return new(Extend) },
	KindVouch:    func() Body { return new(Vouch) },
	KindSolo:     func() Body { return new(Solo) },
	KindRecover:  func() Body { return new(Recover) },
	KindCancel:   func() Body { return new(Cancel) },
	KindSuspend:  func() Body { return new(Suspend) },
	KindLift:     func() Body { return new(Lift) },

	KindWitnessedOutage: func() Body { return new(WitnessedOutage) },
	KindReconcile:       func() Body { return new(Reconcile) },
}

// Blank is an empty body of a kind, for whoever describes it; false for none of
// this version.
func Blank(kind Kind) (Body, bool) {
	blank, ok := blanks[kind]
	if !ok {
		return nil, false
	}
	return blank(), true
}

// Kind is "found".
func (b *Found) Kind() Kind                            { return KindFound }
func (b *Found) encode(h Header) ([]byte, error)       { return encodeFrame(b, KindFound, h) }
func (b *Found) decode(data []byte) (Statement, error) { return decodeFrame[Found](data) }

// Kind is "session".
func (b *Session) Kind() Kind                            { return KindSession }
func (b *Session) encode(h Header) ([]byte, error)       { return encodeFrame(b, KindSession, h) }
func (b *Session) decode(data []byte) (Statement, error) { return decodeFrame[Session](data) }

// Kind is "request".
func (b *Request) Kind() Kind                            { return KindRequest }
func (b *Request) encode(h Header) ([]byte, error)       { return encodeFrame(b, KindRequest, h) }
func (b *Request) decode(data []byte) (Statement, error) { return decodeFrame[Request](data) }

// Kind is "decision".
func (b *Decision) Kind() Kind                            { return KindDecision }
func (b *Decision) encode(h Header) ([]byte, error)       { return encodeFrame(b, KindDecision, h) }
func (b *Decision) decode(data []byte) (Statement, error) { return decodeFrame[Decision](data) }

// Kind is "withdraw".
func (b *Withdraw) Kind() Kind                            { return KindWithdraw }
func (b *Withdraw) encode(h Header) ([]byte, error)       { return encodeFrame(b, KindWithdraw, h) }
func (b *Withdraw) decode(data []byte) (Statement, error) { return decodeFrame[Withdraw](data) }

// Kind is "fetch".
func (b *Fetch) Kind() Kind                            { return KindFetch }
func (b *Fetch) encode(h Header) ([]byte, error)       { return encodeFrame(b, KindFetch, h) }
func (b *Fetch) decode(data []byte) (Statement, error) { return decodeFrame[Fetch](data) }

// Kind is "release".
func (b *Release) Kind() Kind                            { return KindRelease }
func (b *Release) encode(h Header) ([]byte, error)       { return encodeFrame(b, KindRelease, h) }
func (b *Release) decode(data []byte) (Statement, error) { return decodeFrame[Release](data) }

// Kind is "stop".
func (b *Stop) Kind() Kind                            { return KindStop }
func (b *Stop) encode(h Header) ([]byte, error)       { return encodeFrame(b, KindStop, h) }
func (b *Stop) decode(data []byte) (Statement, error) { return decodeFrame[Stop](data) }

// Kind is "attest".
func (b *Attest) Kind() Kind                            { return KindAttest }
func (b *Attest) encode(h Header) ([]byte, error)       { return encodeFrame(b, KindAttest, h) }
func (b *Attest) decode(data []byte) (Statement, error) { return decodeFrame[Attest](data) }

// Kind is "change".
func (b *Change) Kind() Kind                            { return KindChange }
func (b *Change) encode(h Header) ([]byte, error)       { return encodeFrame(b, KindChange, h) }
func (b *Change) decode(data []byte) (Statement, error) { return decodeFrame[Change](data) }

// Kind is "upgrade".
func (b *Upgrade) Kind() Kind                            { return KindUpgrade }
func (b *Upgrade) encode(h Header) ([]byte, error)       { return encodeFrame(b, KindUpgrade, h) }
func (b *Upgrade) decode(data []byte) (Statement, error) { return decodeFrame[Upgrade](data) }

// Kind is "clock".
func (b *Clock) Kind() Kind                            { return KindClock }
func (b *Clock) encode(h Header) ([]byte, error)       { return encodeFrame(b, KindClock, h) }
func (b *Clock) decode(data []byte) (Statement, error) { return decodeFrame[Clock](data) }

// Kind is "epoch".
func (b *Epoch) Kind() Kind                            { return KindEpoch }
func (b *Epoch) encode(h Header) ([]byte, error)       { return encodeFrame(b, KindEpoch, h) }
func (b *Epoch) decode(data []byte) (Statement, error) { return decodeFrame[Epoch](data) }
