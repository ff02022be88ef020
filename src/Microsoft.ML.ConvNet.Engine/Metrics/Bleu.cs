namespace Microsoft.ML.ConvNet;

/// <summary>
/// BLEU of generated sentences, such as captions, against sentences that people wrote (Papineni et al. 2002, section 2.3).
/// </summary>
public static class Bleu
{
    /// <summary>
    /// Corpus BLEU: the geometric mean of the clipped n-gram precisions for n = 1…<paramref name="order"/>, over all sentences at
    /// once, times the brevity penalty e^(1 − r/c) where the candidates' length c is below that of the closest references r.
    /// </summary>
    /// <param name="candidates">The generated sentences, as words or word numbers.</param>
    /// <param name="references">For each one or more right sentences.</param>
    /// <param name="order">The longest n-grams that count: 1 to 4 for BLEU-1 to BLEU-4.</param>
    /// <exception cref="ArgumentException">The numbers of candidates and references differ, or a candidate has none.</exception>
    public static double Of<T>(IReadOnlyList<IReadOnlyList<T>> candidates, IReadOnlyList<IReadOnlyList<IReadOnlyList<T>>> references, int order = 4)
        where T : notnull
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(order, 1);
        if (candidates.Count != references.Count || references.Any(r => r.Count == 0))
            throw new ArgumentException($"Each of {candidates.Count} candidates needs at least one reference; there are {references.Count} lists of them.", nameof(references));

        var logPrecision = 0.0;
        for (var n = 1; n <= order; n++)
        {
            var (matched, all) = (0, 0);
            for (var i = 0; i < candidates.Count; i++)
            {
                var counts = Grams(candidates[i], n);
                var bounds = references[i].Select(r => Grams(r, n)).ToArray();
                all += counts.Values.Sum();
                matched += counts.Sum(g => Math.Min(g.Value, bounds.Max(b => b.GetValueOrDefault(g.Key))));
            }

            if (matched == 0)
                return 0;
            logPrecision += Math.Log((double)matched / all) / order;
        }

        var length = candidates.Sum(c => c.Count);
        var wanted = candidates.Zip(references).Sum(p => p.Second.Select(r => r.Count).OrderBy(c => Math.Abs(c - p.First.Count)).ThenBy(c => c).First());
        return Math.Exp(Math.Min(0, 1 - ((double)wanted / length)) + logPrecision);
    }

    /// <summary>How often each run of n words occurs. Runs are told apart by their words, not by a text made of them.</summary>
    private static Dictionary<Gram<T>, int> Grams<T>(IReadOnlyList<T> words, int n) where T : notnull
    {
        var counts = new Dictionary<Gram<T>, int>();
        for (var start = 0; start + n <= words.Count; start++)
        {
            var gram = new Gram<T>([.. words.Skip(start).Take(n)]);
            counts[gram] = counts.GetValueOrDefault(gram) + 1;
        }

        return counts;
    }

    private readonly struct Gram<T>(T[] words) : IEquatable<Gram<T>> where T : notnull
    {
        private readonly T[] _words = words;

        public bool Equals(Gram<T> other) => _words.AsSpan().SequenceEqual(other._words, EqualityComparer<T>.Default);

        public override bool Equals(object? obj) => obj is Gram<T> other && Equals(other);

        public override int GetHashCode()
        {
            var hash = new HashCode();
            foreach (var word in _words)
                hash.Add(word);
            return hash.ToHashCode();
        }
    }
}
