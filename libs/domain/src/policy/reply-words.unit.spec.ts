import { replyWord, WORD_LISTS, type ReplyWord } from "./reply-words.js";

const NOW = Date.UTC(2027, 0, 1);

describe("a reply", () => {
  it.each<[string, ReplyWord]>([
    // 47 CFR 64.1200(a)(10)
    ["stop", "stop"],
    ["quit", "stop"],
    ["end", "stop"],
    ["revoke", "stop"],
    ["opt out", "stop"],
    ["cancel", "stop"],
    ["unsubscribe", "stop"],
    // as they are typed
    ["STOP", "stop"],
    [" Stop! ", "stop"],
    ["“STOP”.", "stop"],
    ["S.T.O.P", "stop"],
    ["Stop\n\n", "stop"],
    ["STOP STOP STOP", "stop"],
    ["stop 🛑", "stop"],
    ["ＳＴＯＰ", "stop"],
    ["Opt-Out", "stop"],
    ["OPTOUT", "stop"],
    ["STOPALL", "stop"],
    ["please stop", "stop"],
    ["Stop please, thanks", "stop"],
    ["stop this now", "stop"],
    ["stop sms", "stop"],
    // other languages, with their accents or without
    ["ZRUŠIT", "stop"],
    ["zrusit prosim", "stop"],
    ["Odhlásit se", "stop"],
    ["Kündigen", "stop"],
    ["bitte abmelden", "stop"],
    ["ARRÊT", "stop"],
    ["arret svp", "stop"],
    ["Baja, por favor", "stop"],
    ["basta", "stop"],
    ["Rezygnuję", "stop"],
    ["wypisz mnie", "stop"],
    ["बंद करो", "stop"],
    ["रोकें", "stop"],
    ["band karo", "stop"],
    // back again, and help
    ["START", "start"],
    ["unstop.", "start"],
    ["HELP", "help"],
    ["info?", "help"],
    ["Hilfe bitte", "help"],
    // for a person to read
    ["please don't stop", "unclear"],
    ["don’t stop these are great", "unclear"],
    ["stop start", "unclear"],
    ["Leave me alone", "unclear"],
    ["do not text me again", "unclear"],
    ["Už mi nic neposílejte", "unclear"],
    ["Bitte keine Werbung mehr", "unclear"],
    ["no quiero más mensajes", "unclear"],
    ["Can I cancel my card?", "unclear"],
    ["I want to unsubscribe from your emails", "unclear"],
    // nothing of this
    ["", "other"],
    ["👍", "other"],
    ["thanks", "other"],
    ["yes", "other"],
    ["Where is the nearest bus stopover", "other"],
    ["My friend recommended it", "other"],
  ])("%j is %s", (text, word) => {
    expect(replyWord(text, NOW)).toBe(word);
  });

  it("is read by the list of its time: one that was read once is read the same for ever", () => {
    expect(replyWord("STOP", 0)).toBe("stop");
    const times = WORD_LISTS.map((l) => l.since);
    expect(times).toEqual([...times].sort((a, b) => a - b));
  });

  it("of any length is read, and a long one is no word", () => {
    expect(replyWord("stop ".repeat(20_000), NOW)).toBe("unclear");
    expect(replyWord("x".repeat(60_000), NOW)).toBe("other");
  });

  it("has no word of two meanings", () => {
    for (const { stop, start, help } of WORD_LISTS)
      for (const [kind, words] of Object.entries({ stop, start, help }))
        for (const word of Object.values(words).flat())
          expect([word, replyWord(word, NOW)]).toEqual([word, kind]);
  });
});
