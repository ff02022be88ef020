using Microsoft.ML.ConvNet.Backends;
using Microsoft.ML.ConvNet.Compile;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Tests.Training;

/// <summary>What the reference values of PyTorch leave open: which places count, what is right, and what is refused.</summary>
public class LossTests
{
    // Two samples of 3 classes at 2 places.
    private static readonly double[] _scores = [2, -1, 0, 3, 1, 0.5, 0.2, 0.1, 0.4, -2, 1, 1.5];

    [Theory]
    [InlineData(-1)]
    [InlineData(1)]
    [InlineData(255)]
    public void Ignored_places_count_neither_in_the_loss_nor_in_the_accuracy(int ignored)
    {
        var (output, target) = Places(3);
        double[] targets = [0, ignored, ignored, 2];
        var loss = Loss.WeightedSoftmaxCrossEntropy(ignoreIndex: ignored);
        loss.CheckTargets(output, Array.ConvertAll(targets, t => (float)t));

        double Term(int sample, int place, int right)
        {
            double Score(int c) => _scores[(sample * 6) + (c * 2) + place];
            return Math.Log(Enumerable.Range(0, 3).Sum(c => Math.Exp(Score(c)))) - Score(right);
        }

        Assert.Equal((Term(0, 0, 0) + Term(1, 1, 2)) / 2, Evaluate(loss.Mean(output, target), output, target, targets)[0], 1e-12);

        // Sample 0: place 0 is right. Sample 1: place 1 is right; the other places do not count.
        Assert.Equal([1, 1], Evaluate(loss.Correct(output, target)!, output, target, targets));
        Assert.Equal([0, 1], Evaluate(loss.Correct(output, target)!, output, target, [ignored, ignored, ignored, 2]));
    }

    [Fact]
    public void Masks_are_right_where_they_are_on_the_side_of_the_target()
    {
        var output = Network.Input(1, 2, 2);
        var target = Network.Input(1, 2, 2);
        var correct = Loss.Dice().Correct(output, target)!;
        var interpreter = new Interpreter<double> { Batch = 2 };
        interpreter.Set(output, [1, -1, 2, -0.1, 5, 5, -5, -5]);
        interpreter.Set(target, [1, 0, 0, 1, 1, 1, 0, 0]);
        Assert.Equal([0.5, 1], interpreter.Evaluate(correct));
    }

    [Fact]
    public void Targets_and_options_that_make_no_sense_are_refused()
    {
        var (output, _) = Places(3);
        Assert.Throws<ArgumentException>(() => Loss.SoftmaxCrossEntropy.CheckTargets(output, [0, 3]));
        Assert.Throws<ArgumentException>(() => Loss.WeightedSoftmaxCrossEntropy(ignoreIndex: 255).CheckTargets(output, [254]));
        Assert.Throws<ArgumentException>(() => Loss.BinaryCrossEntropy.CheckTargets(output, [0.5f, 1.5f]));
        Assert.Throws<ArgumentException>(() => Loss.KullbackLeibler.CheckTargets(output, [-0.1f]));
        Assert.Throws<ArgumentException>(() => Loss.WeightedSoftmaxCrossEntropy([1, 2]).Mean(output, Network.Input(1, 1, 2)));
        Assert.Throws<ArgumentOutOfRangeException>(() => Loss.WeightedSoftmaxCrossEntropy([1, -2]));
        Assert.Throws<ArgumentOutOfRangeException>(() => Loss.WeightedSoftmaxCrossEntropy(labelSmoothing: 1.5f));
        Assert.Throws<ArgumentOutOfRangeException>(() => Loss.Huber(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => Loss.Focal(alpha: 2));
        Assert.Throws<ArgumentException>(() => Loss.Hinge().Mean(Network.Input([1]), Network.Input([1])));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Cross_entropy_and_its_gradient_share_one_softmax(bool atTheEnd)
    {
        var scores = Network.Input(2, 3, 3).Conv(4, 3);
        var output = atTheEnd ? scores.Softmax() : scores;
        var order = Computation.Training(Loss.SoftmaxCrossEntropy.Mean(output, Network.Input(1, 1, 1)), Optimizer.Sgd()).Order();
        var softmax = Assert.Single(order, n => n.Op is SoftmaxOp);
        Assert.Same(softmax, Assert.Single(order, n => n.Op is SoftmaxCrossEntropyOp).Inputs[2]);
        Assert.Same(softmax, Assert.Single(order, n => n.Op is SoftmaxCrossEntropyGradientOp).Inputs[0]);
    }

    [Fact]
    public void A_softmax_or_sigmoid_at_the_end_is_part_of_the_loss()
    {
        var (output, target) = Places(3);
        double[] targets = [0, 1, 2, 1];
        foreach (var loss in new[] { Loss.SoftmaxCrossEntropy, Loss.Hinge(), Loss.WeightedSoftmaxCrossEntropy([1, 2, 3], 0.1f) })
        {
            Assert.Equal(
                Evaluate(loss.Mean(output, target), output, target, targets), Evaluate(loss.Mean(output.Softmax(), target), output, target, targets));
        }

        var masks = Network.Input(3, 1, 2);
        var interpreter = new Interpreter<double> { Batch = 2 };
        interpreter.Set(output, _scores);
        interpreter.Set(masks, [.. Enumerable.Range(0, 12).Select(i => i % 2.0)]);
        foreach (var loss in new[] { Loss.BinaryCrossEntropy, Loss.Focal(), Loss.Dice(), Loss.SoftJaccard() })
            Assert.Equal(interpreter.Evaluate(loss.Mean(output, masks)), interpreter.Evaluate(loss.Mean(output.Sigmoid(), masks)));
    }

    private static (Node Output, Node Target) Places(int classes) => (Network.Input(classes, 1, 2), Network.Input(1, 1, 2));

    private static double[] Evaluate(Node node, Node output, Node target, double[] targets)
    {
        var interpreter = new Interpreter<double> { Batch = 2 };
        interpreter.Set(output, _scores);
        interpreter.Set(target, targets);
        return interpreter.Evaluate(node);
    }
}
