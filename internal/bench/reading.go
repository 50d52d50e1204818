package main

// reading is what the page says below the table: how to take the figures.
const reading = `
## How to read this

- A rate above 1 and a time below 1 are better than what stands beside.
- B1 and B3 wait for the disk before anybody is answered; OpenBao's audit file is
  written and not flushed, and signing a certificate writes nothing else there.
  The row beside the limits says what this machine allows at all.
- B3 drives the append path of the decider: 300 bytes, the tree, a snapshot for
  each four entries, the signed head. Tessera runs with batches of 256 and an age
  of 5 ms, its answer being final when the tree with the entry is written.
- B4 works in memory. The parts of a full replay are every signature, one SHA-256
  and one JSON pass for each entry; the replay decides every entry again as well.
- B6 starts the programs as they are shipped. Its cell is the larger one of B7: whole
  emergencies that are over, proved and reviewed, over a year that ends now. What is
  forgotten after minutes, nonces and checkpoints, is there of the last ones alone.
- B12 plays AWS by a double on the same machine, which answers at once or 50 ms later.
  The ratio is what comes on top, in multiples of the 50 ms: one call in the way is 1.
- B10 works in memory. The page is made from answers that were encoded before: it
  reads them, and writes HTML in which every text is escaped for its place.
- B9 needs a machine that does little else: hosts, their reports and other people
  are played on it too. Each login takes 5 ms and a host answers them one after
  another; hosts pull the list and report every two seconds, as they come. That a
  lease is lost, or closed twice, or too many hosts are asked at a time, ends the
  bench. How long a start in the middle takes is part of the last row: it replays
  all that is live. ` + "`go test ./internal/server -run TestStorm`" + ` tries the same without
  a clock, and ` + "`make soak`" + ` twenty times.

` + "`make profile`" + ` takes CPU and allocation profiles of the benchmarks of each room;
` + "`go run ./internal/bench -only B1 -profile FILE`" + ` takes one of the server under B1, or B2 or B9,
and one of those who call it.
`
