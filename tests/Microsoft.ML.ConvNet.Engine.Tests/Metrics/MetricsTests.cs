namespace Microsoft.ML.ConvNet.Tests.Metrics;

public class MetricsTests
{
    [Fact]
    public void A_confusion_table_gives_the_values_of_hand_arithmetic()
    {
        // Rows are the right classes: 0 is right 3 of 5 times, 1 is right 4 of 4, 2 never, 3 does not occur.
        var table = new ConfusionTable(4);
        table.Add([0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 7], [0, 0, 0, 1, 2, 1, 1, 1, 1, 1, 0], ignore: 7);
        Assert.Equal(10, table.Total);
        Assert.Equal(1, table[0, 2]);
        Assert.Equal(0.7, table.Accuracy, 12);
        Assert.Equal((1.0, 4 / 6.0, 0.0), (table.Precision(0), table.Precision(1), table.Precision(2)));
        Assert.Equal((0.6, 1.0, 0.0), (table.Recall(0), table.Recall(1), table.Recall(2)));
        Assert.Equal((6 / 8.0, 8 / 10.0, 0.0), (table.F1(0), table.F1(1), table.F1(2)));
        Assert.Equal((3 / 5.0, 4 / 6.0, 0.0), (table.IntersectionOverUnion(0), table.IntersectionOverUnion(1), table.IntersectionOverUnion(2)));
        Assert.Equal((0.6 + (4 / 6.0)) / 3, table.MeanIntersectionOverUnion, 12);
        Assert.Equal(1.6 / 3, table.MacroRecall, 12);
        Assert.Equal((1 + (4 / 6.0)) / 3, table.MacroPrecision, 12);
        Assert.Equal(1.55 / 3, table.MacroF1, 12);
        Assert.True(double.IsNaN(table.Recall(3)));
    }

    [Fact]
    public void A_confusion_table_refuses_what_is_no_class()
    {
        var table = new ConfusionTable(2);
        Assert.Throws<ArgumentOutOfRangeException>(() => table.Add(2, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => table.Add(0, -1));
        Assert.Throws<ArgumentException>(() => table.Add([0, 1], [0]));
        Assert.Throws<ArgumentOutOfRangeException>(() => new ConfusionTable(0));
    }

    [Fact]
    public void Top_k_counts_the_right_class_among_the_largest_scores()
    {
        float[] scores = [0.1f, 0.7f, 0.2f, 0.5f, 0.3f, 0.2f, 0.3f, 0.3f, 0.4f];
        Assert.Equal(1 / 3.0, Accuracy.Of(scores, [1, 2, 0]), 12);
        Assert.Equal(2 / 3.0, Accuracy.TopK(scores, [1, 2, 0], 2), 12);
        Assert.Equal(1 / 3.0, Accuracy.TopK(scores, [1, 2, 1], 2), 12);
        Assert.Equal(1, Accuracy.TopK(scores, [1, 2, 0], 3), 12);
        Assert.Throws<ArgumentException>(() => Accuracy.Of(scores, [3, 0, 0]));
        Assert.Throws<ArgumentException>(() => Accuracy.Of(scores, [0, 0]));
    }

    [Fact]
    public void Bleu_gives_the_values_of_the_paper()
    {
        // Papineni et al. 2002, example 1 and 2: clipped unigrams 17/18, bigrams 10/17; "the the the …" has 2/7.
        string[] candidate = [.. "it is a guide to action which ensures that the military always obeys the commands of the party".Split()];
        string[][] references =
        [
            [.. "it is a guide to action that ensures that the military will forever heed party commands".Split()],
            [.. "it is the guiding principle which guarantees the military forces always being under the command of the party".Split()],
            [.. "it is the practical guide for the army always to heed the directions of the party".Split()],
        ];
        Assert.Equal(17 / 18.0, Bleu.Of([candidate], [references], 1), 12);
        Assert.Equal(Math.Sqrt(17 / 18.0 * (10 / 17.0)), Bleu.Of([candidate], [references], 2), 12);

        string[] the = [.. Enumerable.Repeat("the", 7)];
        Assert.Equal(2 / 7.0, Bleu.Of([the], [[[.. "the cat is on the mat".Split()], [.. "there is a cat on the mat".Split()]]], 1), 12);
    }

    [Fact]
    public void Bleu_punishes_short_sentences_and_is_one_for_right_ones()
    {
        int[] right = [1, 2, 3, 4, 5, 6];
        Assert.Equal(1, Bleu.Of([right], [[right]]), 12);
        Assert.Equal(Math.Exp(1 - (6 / 4.0)), Bleu.Of([right[..4]], [[right]]), 12);
        Assert.Equal(0, Bleu.Of([[7, 8]], [[right]], 1));
        Assert.Throws<ArgumentException>(() => Bleu.Of([right], [[]]));
    }
}
