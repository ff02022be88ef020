using Microsoft.ML.ConvNet.Losses;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet;

/// <summary>
/// What training makes small: a function of the network's output and a target. A loss of your own derives from this class and is
/// a composition of layers.
/// </summary>
public abstract record Loss
{
    /// <summary>
    /// Softmax cross-entropy of class scores, for classification. Targets are class indices 0…C−1, of shape 1 (or
    /// 1×H×W for a class at each pixel). A softmax at the end of the network is taken as part of the loss.
    /// </summary>
    public static Loss SoftmaxCrossEntropy { get; } = new SoftmaxCrossEntropyLoss();

    /// <summary>The mean of (output − target)² over all elements, for regression. Targets have the output's shape.</summary>
    public static Loss MeanSquaredError { get; } = new MeanSquaredErrorLoss();

    /// <summary>The mean of |output − target| over all elements. Targets have the output's shape.</summary>
    public static Loss MeanAbsoluteError { get; } = new MeanAbsoluteErrorLoss();

    /// <summary>
    /// The mean over all elements of −t·log σ(x) − (1 − t)·log(1 − σ(x)), for several labels at once or masks. Targets 0…1 have the
    /// output's shape. A sigmoid at the end of the network is taken as part of the loss.
    /// </summary>
    public static Loss BinaryCrossEntropy { get; } = new BinaryCrossEntropyLoss();

    /// <summary>
    /// The Kullback–Leibler divergence Σ t·(log t − log softmax(x)) over the channels, averaged over samples and places (Kullback &amp;
    /// Leibler 1951). Targets are distributions of the output's shape.
    /// </summary>
    public static Loss KullbackLeibler { get; } = new KullbackLeiblerLoss();

    /// <summary>Softmax cross-entropy with weights, smoothing or places to leave out.</summary>
    /// <param name="classWeights">
    /// A weight for each class; the loss is the weighted mean, as in PyTorch. All 1 by default.
    /// </param>
    /// <param name="labelSmoothing">The share of the target that is spread evenly over all classes (Szegedy et al. 2016, section 7).</param>
    /// <param name="ignoreIndex">A target that does not count, such as 255 for the border of a segmentation; none by default.</param>
    /// <exception cref="ArgumentOutOfRangeException">The smoothing is not in 0…1, or a weight is negative.</exception>
    public static Loss WeightedSoftmaxCrossEntropy(IReadOnlyList<float>? classWeights = null, float labelSmoothing = 0, int? ignoreIndex = null)
    {
        if (labelSmoothing is not (>= 0 and <= 1))
            throw new ArgumentOutOfRangeException(nameof(labelSmoothing), labelSmoothing, "labelSmoothing must be in 0…1.");
        if (classWeights != null && classWeights.Any(w => !(w >= 0 && float.IsFinite(w))))
            throw new ArgumentOutOfRangeException(nameof(classWeights), string.Join(", ", classWeights), "Class weights must be finite and at least 0.");
        return new SoftmaxCrossEntropyLoss { ClassWeights = classWeights, LabelSmoothing = labelSmoothing, IgnoreIndex = ignoreIndex };
    }

    /// <summary>
    /// The mean of d²/2 where |d| ≤ delta and of delta·(|d| − delta/2) elsewhere, d = output − target (Huber 1964). Targets have
    /// the output's shape.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Delta is not above 0.</exception>
    public static Loss Huber(float delta = 1)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(delta);
        return new HuberLoss(delta);
    }

    /// <summary>
    /// The multi-class hinge of Weston &amp; Watkins (1999), the support vector machine of CS231n: Σ max(0, margin + s_j − s_y) over the
    /// wrong classes j, averaged over samples and places. Targets are class indices.
    /// </summary>
    public static Loss Hinge(float margin = 1) => new HingeLoss(margin, WorstOnly: false);

    /// <summary>
    /// The multi-class hinge of Crammer &amp; Singer (2001): max(0, margin + max s_j − s_y) over the wrong classes j, averaged over
    /// samples and places. Targets are class indices.
    /// </summary>
    public static Loss CrammerSinger(float margin = 1) => new HingeLoss(margin, WorstOnly: true);

    /// <summary>
    /// 1 − (2·Σ p·t + smooth)/(Σ p + Σ t + smooth) with p = σ(output), averaged over samples and channels (Milletari, Navab &amp;
    /// Ahmadi 2016). Targets are masks of the output's shape.
    /// </summary>
    public static Loss Dice(float smooth = 1) => new OverlapLoss(smooth, Jaccard: false);

    /// <summary>
    /// 1 − (Σ p·t + smooth)/(Σ p + Σ t − Σ p·t + smooth) with p = σ(output), averaged over samples and channels: the intersection over
    /// union, made smooth (Rahman &amp; Wang 2016). Targets are masks of the output's shape.
    /// </summary>
    public static Loss SoftJaccard(float smooth = 1) => new OverlapLoss(smooth, Jaccard: true);

    /// <summary>
    /// The focal loss −α_t·(1 − p_t)^γ·log p_t of sigmoid outputs (Lin et al. 2017, equation 5), averaged over all elements, where p_t
    /// is the probability of the right answer and α_t is α for targets of 1 and 1 − α for 0. Targets have the output's shape.
    /// </summary>
    /// <param name="gamma">γ; 0 is a weighted cross-entropy.</param>
    /// <param name="alpha">α, or null for no weighting.</param>
    /// <exception cref="ArgumentOutOfRangeException">γ is negative, or α not in 0…1.</exception>
    public static Loss Focal(float gamma = 2, float? alpha = 0.25f)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(gamma);
        if (alpha is < 0 or > 1)
            throw new ArgumentOutOfRangeException(nameof(alpha), alpha, "alpha must be in 0…1.");
        return new FocalLoss(gamma, alpha);
    }

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

    /// <summary>The mean of all elements of all samples.</summary>
    protected static Node MeanOf(Node x) => new(new ReduceOp { Shape = [1], Batched = false, Mean = true }, [x], "loss");

    /// <summary>The sum of all elements of all samples.</summary>
    protected static Node SumOf(Node x) => new(new ReduceOp { Shape = [1], Batched = false }, [x]);

    /// <summary>The sum of the channels at each place. Output: 1×… .</summary>
    protected static Node SumOfChannels(Node x) => new(new ReduceOp { Shape = x.Shape.WithChannels(1), Batched = true }, [x]);

    /// <summary>The sum of each channel's places. Output: C×1×… .</summary>
    protected static Node SumOfPlaces(Node x)
    {
        var extents = x.Shape.AsSpan().ToArray();
        extents.AsSpan(1).Fill(1);
        return new(new ReduceOp { Shape = new Shape(extents), Batched = true }, [x]);
    }

    /// <summary>factor·x + offset.</summary>
    protected static Node Affine(Node x, float factor, float offset = 0) => new(new AffineOp { Factor = factor, Offset = offset }, [x]);
}
