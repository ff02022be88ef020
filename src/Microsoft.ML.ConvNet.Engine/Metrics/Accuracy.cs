namespace Microsoft.ML.ConvNet;

/// <summary>Accuracy of scores.</summary>
public static class Accuracy
{
    /// <summary>The share of samples whose right class has the largest score; of equal scores the first counts.</summary>
    /// <param name="scores">The scores of all classes, sample after sample.</param>
    /// <param name="classes">The right classes.</param>
    /// <exception cref="ArgumentException">The scores are no whole number for each sample.</exception>
    public static double Of(ReadOnlySpan<float> scores, ReadOnlySpan<int> classes) => TopK(scores, classes, 1);

    /// <summary>The share of samples whose right class is among the <paramref name="k"/> with the largest scores.</summary>
    /// <param name="scores">The scores of all classes, sample after sample.</param>
    /// <param name="classes">The right classes.</param>
    /// <param name="k">How many count, such as 5 for ImageNet's top-5.</param>
    /// <exception cref="ArgumentException">The scores are no whole number for each sample, or a class or k is out of range.</exception>
    public static double TopK(ReadOnlySpan<float> scores, ReadOnlySpan<int> classes, int k)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(k, 1);
        if (classes.Length == 0 || scores.Length % classes.Length != 0)
            throw new ArgumentException($"{scores.Length} scores are not the same number for each of {classes.Length} samples.", nameof(scores));
        var width = scores.Length / classes.Length;
        var right = 0;
        for (var sample = 0; sample < classes.Length; sample++)
        {
            var row = scores.Slice(sample * width, width);
            var wanted = classes[sample];
            if ((uint)wanted >= (uint)width)
                throw new ArgumentException($"Sample {sample} has the class {wanted}; there are {width} scores.", nameof(classes));
            var better = 0;
            for (var other = 0; other < width; other++)
            {
                if (row[other] > row[wanted] || (row[other] == row[wanted] && other < wanted))
                    better++;
            }

            right += better < k ? 1 : 0;
        }

        return (double)right / classes.Length;
    }
}
