using System.Globalization;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet;

/// <summary>What training makes small: a function of the network's output and a target.</summary>
public abstract record Loss
{
    /// <summary>
    /// Softmax cross-entropy of class scores, for classification. Targets are class indices 0…C−1, of shape 1 (or
    /// 1×H×W for a class at each pixel). A softmax at the end of the network is taken as part of the loss.
    /// </summary>
    public static Loss SoftmaxCrossEntropy { get; } = new SoftmaxCrossEntropyLoss();

    /// <summary>The mean of (output − target)² over all elements, for regression. Targets have the output's shape.</summary>
    public static Loss MeanSquaredError { get; } = new MeanSquaredErrorLoss();

    /// <summary>The shape of one target.</summary>
    public abstract Shape TargetShape(Node output);

    /// <summary>Checks the values of some targets; all numbers are right by default.</summary>
    /// <exception cref="ArgumentException">A target makes no sense for this loss.</exception>
    public virtual void CheckTargets(Node output, ReadOnlySpan<float> targets) { }

    /// <summary>The mean loss of a batch: a single number.</summary>
    public abstract Node Mean(Node output, Node target);

    /// <summary>For each sample the share of right predictions, or null where there is no right and wrong.</summary>
    public virtual Node? Correct(Node output, Node target) => null;

    /// <summary>What the network predicts: probabilities where the output is scores.</summary>
    public virtual Node Prediction(Node output) => output;

    private protected static Node Average(Node x) => new(new ReduceOp { Shape = [1], Batched = false, Mean = true }, [x], "loss");

    private sealed record SoftmaxCrossEntropyLoss : Loss
    {
        public override Shape TargetShape(Node output) => output.Shape.WithChannels(1);

        public override void CheckTargets(Node output, ReadOnlySpan<float> targets)
        {
            foreach (var target in targets)
            {
                if (!(target >= 0 && target < output.Shape.C && target == MathF.Floor(target)))
                    throw new ArgumentException($"'{output.Name}' has the classes 0…{output.Shape.C - 1}; a target is {target.ToString(CultureInfo.InvariantCulture)}.");
            }
        }

        public override Node Mean(Node output, Node target)
            => Average(new Node(new SoftmaxCrossEntropyOp(), [Logits(output), target], "crossEntropy"));

        public override Node Correct(Node output, Node target)
        {
            var correct = new Node(new CorrectPredictionsOp(), [Logits(output), target], "correct");
            return correct.Shape.Length == 1
                ? correct
                : new Node(new ReduceOp { Shape = [1], Batched = true, Mean = true }, [correct], "correctShare");
        }

        public override Node Prediction(Node output) => output.Op is SoftmaxOp ? output : new Node(new SoftmaxOp(), [output], "probabilities");

        private static Node Logits(Node output) => output.Op is SoftmaxOp ? output.Inputs[0] : output;
    }

    private sealed record MeanSquaredErrorLoss : Loss
    {
        public override Shape TargetShape(Node output) => output.Shape;

        public override Node Mean(Node output, Node target)
        {
            var error = new Node(new SubtractOp(), [output, target], "error");
            return Average(new Node(new MultiplyOp(), [error, error], "squaredError"));
        }
    }
}
