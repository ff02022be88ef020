using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Losses;

/// <summary>Losses of numbers: targets have the output's shape.</summary>
internal abstract record ElementLoss : Loss
{
    public override Shape TargetShape(Node output) => output.Shape;
}

/// <summary>(output − target)².</summary>
internal sealed record MeanSquaredErrorLoss : ElementLoss
{
    public override Node Mean(Node output, Node target)
    {
        var error = output - target;
        return MeanOf(error * error);
    }
}

/// <summary>|output − target|.</summary>
internal sealed record MeanAbsoluteErrorLoss : ElementLoss
{
    public override Node Mean(Node output, Node target) => MeanOf(new Node(new AbsOp(), [output - target]));
}

/// <summary>With a = |output − target| and m = min(a, δ): m·(a − m/2), which is a²/2 up to δ and δ·(a − δ/2) beyond.</summary>
internal sealed record HuberLoss(float Delta) : ElementLoss
{
    public override Node Mean(Node output, Node target)
    {
        var distance = new Node(new AbsOp(), [output - target]);
        var bounded = distance.Minimum(new Node(new FillOp { Shape = [1], Value = Delta }, []));
        return MeanOf(bounded * (distance - Affine(bounded, 0.5f)));
    }
}

/// <summary>Σ t·(log t − log softmax(x)).</summary>
internal sealed record KullbackLeiblerLoss : ElementLoss
{
    // t·log t is 0 at t = 0, where the logarithm is not.
    private const float Tiny = 1e-30f;

    public override void CheckTargets(Node output, ReadOnlySpan<float> targets)
    {
        foreach (var target in targets)
        {
            if (!(target >= 0 && target <= 1.0001f))
                throw new ArgumentException($"Targets of the Kullback–Leibler divergence are probabilities; one is {target}.");
        }
    }

    public override Node Mean(Node output, Node target)
    {
        var scores = output.Op is SoftmaxOp ? output.Inputs[0] : output;
        var logTarget = new Node(new LogOp(), [target.Maximum(new Node(new FillOp { Shape = [1], Value = Tiny }, []))]);
        return MeanOf(SumOfChannels(target * (logTarget - scores.LogSoftmax())));
    }

    public override Node Prediction(Node output) => output.Op is SoftmaxOp ? output : new Node(new SoftmaxOp(), [output], "probabilities");
}
