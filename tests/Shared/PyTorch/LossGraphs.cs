namespace Microsoft.ML.ConvNet.Tests;

/// <summary>Losses: the value, and its gradient for the output.</summary>
internal sealed class LossGraphs : PyTorchOps
{
    public override IReadOnlyDictionary<string, Action<PyTorchGraph>> Graphs { get; } = new Dictionary<string, Action<PyTorchGraph>>
    {
        ["weighted_cross_entropy"] = Of(c => Loss.WeightedSoftmaxCrossEntropy(
            c.Has("weights") ? c["weights"].Data : null, c.GetFloat("smoothing"),
            c.Attributes.TryGetProperty("ignore", out var ignore) ? ignore.GetInt32() : null)),
        ["l1_loss"] = Of(_ => Loss.MeanAbsoluteError),
        ["huber_loss"] = Of(c => Loss.Huber(c.GetFloat("delta"))),
        ["binary_cross_entropy"] = Of(_ => Loss.BinaryCrossEntropy),
        ["kl_div"] = Of(_ => Loss.KullbackLeibler),
        ["dice"] = Of(c => Loss.Dice(c.GetFloat("smooth"))),
        ["soft_jaccard"] = Of(c => Loss.SoftJaccard(c.GetFloat("smooth"))),
        ["focal"] = Of(c => Loss.Focal(c.GetFloat("gamma"), c.GetFloat("alpha"))),
        ["hinge"] = Of(c => c.GetBool("worst") ? Loss.CrammerSinger(c.GetFloat("margin")) : Loss.Hinge(c.GetFloat("margin"))),
        ["triplet"] = graph =>
        {
            var (anchor, positive, negative) = (graph.Input("x"), graph.Input("positive"), graph.Input("negative"));
            graph.ExpectLoss(CodeLosses.Triplet(anchor, positive, negative, graph.Case.GetFloat("margin")), anchor, positive, negative);
        },
        ["contrastive"] = graph =>
        {
            var (left, right) = (graph.Input("x"), graph.Input("other"));
            graph.ExpectLoss(CodeLosses.Contrastive(left, right, graph.Input("same"), graph.Case.GetFloat("margin")), left, right);
        },
    };

    private static Action<PyTorchGraph> Of(Func<PyTorchCase, Loss> loss) => graph =>
    {
        var (output, target) = (graph.Input("x"), graph.Input("target"));
        var function = loss(graph.Case);
        function.CheckTargets(output, graph.Case["target"].Data);
        Assert.Equal(function.TargetShape(output), target.Shape);
        graph.ExpectLoss(function.Mean(output, target), output);
    };
}
