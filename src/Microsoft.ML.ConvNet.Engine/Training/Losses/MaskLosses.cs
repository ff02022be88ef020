using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Losses;

/// <summary>Losses of sigmoid outputs: several labels at once, or masks. Targets 0…1 have the output's shape.</summary>
internal abstract record MaskLoss : ElementLoss
{
    public override void CheckTargets(Node output, ReadOnlySpan<float> targets)
    {
        foreach (var target in targets)
        {
            if (!(target >= 0 && target <= 1))
                throw new ArgumentException($"'{output.Name}' has targets in 0…1; one is {target}.");
        }
    }

    public override Node Prediction(Node output) => output.Op is SigmoidOp ? output : new Node(new SigmoidOp(), [output], "probabilities");

    /// <summary>For each sample the share of elements that are on the target's side of 0.5.</summary>
    public override Node Correct(Node output, Node target)
    {
        var predicted = new Node(new NotLessOp(), [Logits(output), new Node(new FillOp { Shape = [1], Value = 0 }, [])]);
        var wanted = new Node(new NotLessOp(), [target, new Node(new FillOp { Shape = [1], Value = 0.5f }, [])]);
        var wrong = new Node(new AbsOp(), [predicted - wanted]);
        return new Node(new ReduceOp { Shape = [1], Batched = true, Mean = true }, [Affine(wrong, -1, 1)], "correctShare");
    }

    /// <summary>The output before a sigmoid at the end of the network.</summary>
    protected static Node Logits(Node output) => output.Op is SigmoidOp ? output.Inputs[0] : output;

    /// <summary>−t·log σ(x) − (1 − t)·log(1 − σ(x)) = log(1 + eˣ) − t·x.</summary>
    protected static Node CrossEntropy(Node logits, Node target) => logits.Softplus() - (logits * target);
}

/// <summary>The mean cross-entropy of all elements.</summary>
internal sealed record BinaryCrossEntropyLoss : MaskLoss
{
    public override Node Mean(Node output, Node target) => MeanOf(CrossEntropy(Logits(output), target));
}

/// <summary>α_t·(1 − p_t)^γ times the cross-entropy, where 1 − p_t = p + t − 2·p·t.</summary>
internal sealed record FocalLoss(float Gamma, float? Alpha) : MaskLoss
{
    public override Node Mean(Node output, Node target)
    {
        var logits = Logits(output);
        var p = logits.Sigmoid();
        var loss = CrossEntropy(logits, target);
        if (Gamma > 0)
            loss *= new Node(new PowerOp { Exponent = Gamma }, [p + target - Affine(p * target, 2)]);
        if (Alpha is { } alpha)
            loss *= Affine(target, (2 * alpha) - 1, 1 - alpha);
        return MeanOf(loss);
    }
}

/// <summary>1 minus the overlap of two masks: Dice or Jaccard.</summary>
internal sealed record OverlapLoss(float Smooth, bool Jaccard) : MaskLoss
{
    public override Node Mean(Node output, Node target)
    {
        var p = Logits(output).Sigmoid();
        var (both, total) = (SumOfPlaces(p * target), SumOfPlaces(p) + SumOfPlaces(target));
        var (shared, all) = Jaccard ? (both, total - both) : (Affine(both, 2), total);
        return MeanOf(Affine(Affine(shared, 1, Smooth).Divide(Affine(all, 1, Smooth)), -1, 1));
    }
}
