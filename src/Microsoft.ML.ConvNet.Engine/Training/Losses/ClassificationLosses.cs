using System.Globalization;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Losses;

/// <summary>Losses whose targets are class indices: 1 for an image, 1×H×W for a class at each pixel.</summary>
internal abstract record ClassLoss : Loss
{
    /// <summary>A target that does not count.</summary>
    public int? IgnoreIndex { get; init; }

    public override Shape TargetShape(Node output) => output.Shape.WithChannels(1);

    public override void CheckTargets(Node output, ReadOnlySpan<float> targets)
    {
        foreach (var target in targets)
        {
            if (target != IgnoreIndex && !(target >= 0 && target < output.Shape.C && target == MathF.Floor(target)))
                throw new ArgumentException($"'{output.Name}' has the classes 0…{output.Shape.C - 1}; a target is {target.ToString(CultureInfo.InvariantCulture)}.");
        }
    }

    public override Node Correct(Node output, Node target)
    {
        var correct = new Node(new CorrectPredictionsOp(), [Scores(output), target], "correct");
        if (correct.Shape.Length == 1 && IgnoreIndex == null)
            return correct;
        if (Counted(target) is not { } counted)
            return new Node(new ReduceOp { Shape = [1], Batched = true, Mean = true }, [correct], "correctShare");

        // A sample none of whose places counts has nothing right.
        var (right, all) = (PerSample(correct * counted), PerSample(counted));
        return right.Divide(all.Maximum(new Node(new FillOp { Shape = [1], Value = 1 }, [])), "correctShare");
    }

    /// <summary>The output before a softmax at the end of the network.</summary>
    protected static Node Scores(Node output) => output.Op is SoftmaxOp ? output.Inputs[0] : output;

    /// <summary>1 where a target counts and 0 where it is to be ignored, or null where all count.</summary>
    protected Node? Counted(Node target)
    {
        if (IgnoreIndex is not { } ignored)
            return null;
        var index = new Node(new FillOp { Shape = [1], Value = ignored }, []);
        var (notBelow, notAbove) = (new Node(new NotLessOp(), [target, index]), new Node(new NotLessOp(), [index, target]));
        return Affine(notBelow * notAbove, -1, 1);
    }

    private static Node PerSample(Node x) => new(new ReduceOp { Shape = [1], Batched = true }, [x]);
}

/// <summary>−log softmax(x)[target], with class weights, label smoothing and places left out.</summary>
internal sealed record SoftmaxCrossEntropyLoss : ClassLoss
{
    public IReadOnlyList<float>? ClassWeights { get; init; }

    public float LabelSmoothing { get; init; }

    public override Node Mean(Node output, Node target)
    {
        var scores = Scores(output);
        if (ClassWeights is { } weights && weights.Count != scores.Shape.C)
            throw new ArgumentException($"There are {weights.Count} class weights; '{output.Name}' has {scores.Shape.C} classes.");

        var counted = Counted(target);
        var classes = counted == null ? target : target * counted;
        var loss = new Node(new SoftmaxCrossEntropyOp(), [scores, classes, Prediction(output)], "crossEntropy");
        var weight = WeightOf(classes, counted);
        if (LabelSmoothing > 0)
            return Smoothed(scores, loss, weight, counted);
        return weight == null ? MeanOf(loss) : SumOf(loss * weight).Divide(SumOf(weight), "loss");
    }

    public override Node Prediction(Node output) => output.Op is SoftmaxOp ? output : new Node(new SoftmaxOp(), [output], "probabilities");

    /// <summary>The weight of each place: that of its class, 0 where it does not count; null where all are 1.</summary>
    private Node? WeightOf(Node classes, Node? counted)
    {
        if (ClassWeights is not { } weights)
            return counted;
        var table = new Node(new ConstantOp { Shape = [weights.Count, 1], Values = weights }, [], "classWeights");
        var weight = new Node(new EmbeddingOp(), [classes.Flatten(), table]).Reshape(classes.Shape);
        return counted == null ? weight : weight * counted;
    }

    /// <summary>
    /// (1 − ε)·loss + ε/C·Σ −log p over all classes, each with its weight; divided by the sum of the places' weights, as in PyTorch.
    /// </summary>
    private Node Smoothed(Node scores, Node loss, Node? weight, Node? counted)
    {
        var log = scores.LogSoftmax();
        if (ClassWeights is { } weights)
        {
            var extents = scores.Shape.AsSpan().ToArray();
            extents.AsSpan(1).Fill(1);
            log *= new Node(new ConstantOp { Shape = new Shape(extents), Values = weights }, [], "smoothingWeights");
        }

        var spread = Affine(SumOfChannels(log), -LabelSmoothing / scores.Shape.C);
        if (counted != null)
            spread *= counted;
        var sharp = Affine(weight == null ? loss : loss * weight, 1 - LabelSmoothing);
        return weight == null ? MeanOf(sharp + spread) : SumOf(sharp + spread).Divide(SumOf(weight), "loss");
    }
}

/// <summary>Hinge losses over the scores s of all classes and the score of the right one.</summary>
/// <param name="Margin">By how much the right score should be above the others.</param>
/// <param name="WorstOnly">Whether only the largest wrong score counts (Crammer–Singer) or all do (Weston–Watkins).</param>
internal sealed record HingeLoss(float Margin, bool WorstOnly) : ClassLoss
{
    // Far below any score, so that the right class never is the largest wrong one.
    private const float Removed = -1e30f;

    public override Node Mean(Node output, Node target)
    {
        var scores = Scores(output);
        if (scores.Shape.C < 2)
            throw new ArgumentException($"A hinge needs at least two classes; '{output.Name}' has {scores.Shape.C}.");
        var right = new Node(new OneHotOp { Classes = scores.Shape.C }, [target], "oneHot");
        var rightScore = SumOfChannels(scores * right);
        if (WorstOnly)
            return MeanOf(Affine((scores + Affine(right, Removed)).Maxout(scores.Shape.C) - rightScore, 1, Margin).Relu());
        var margins = Affine(scores - rightScore, 1, Margin).Relu();
        return MeanOf(SumOfChannels(margins * Affine(right, -1, 1)));
    }
}
