using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Tests;

/// <summary>Group, layer, instance and local response normalisation, permutations, embeddings and recurrent layers.</summary>
internal sealed class SequenceGraphs : PyTorchOps
{
    public override IReadOnlyDictionary<string, Action<PyTorchGraph>> Graphs { get; } = new Dictionary<string, Action<PyTorchGraph>>
    {
        ["group_norm"] = g => Layer(g, "groupNorm1", x => x.GroupNorm(g.Case.GetInt("groups"), g.Case.GetFloat("eps"))),
        ["layer_norm"] = g => Layer(g, "layerNorm1", x => x.LayerNorm(g.Case.GetFloat("eps"))),
        ["instance_norm"] = g => Layer(g, "instanceNorm1", x => x.InstanceNorm(g.Case.GetFloat("eps"))),
        ["local_response_norm"] = OfX(g => new LocalResponseNormOp
        {
            Channels = g.Case.GetInt("channels"),
            Alpha = g.Case.GetFloat("alpha"),
            Beta = g.Case.GetFloat("beta"),
            K = g.Case.GetFloat("k"),
        }),
        ["permute"] = OfX(g => PermuteOp.Of(g.Case.GetInts("axes"))),
        ["embedding"] = g => g.ExpectGradients(new Node(new EmbeddingOp(), [g.Input("indices"), g.Variable("table")], "y")),
        ["lstm"] = g => Layer(g, "", x => x.Lstm(g.Case.GetInt("units"), g.Case.Has("mask") ? g.Input("mask") : null, name: "lstm")),
        ["gru"] = g => Layer(g, "", x => x.Gru(g.Case.GetInt("units"), g.Case.Has("mask") ? g.Input("mask") : null, name: "gru")),
    };

    /// <summary>A layer of x, whose parameters are fed with the tensors of their names less the layer's.</summary>
    private static void Layer(PyTorchGraph graph, string prefix, Func<Node, Node> layer)
    {
        var y = layer(graph.Input("x"));
        foreach (var variable in Traversal.Order([y]).Where(n => n.Op is VariableOp))
        {
            variable.Name = variable.Name[(prefix.Length > 0 ? prefix.Length + 1 : 0)..];
            graph.Feed(variable, graph.Case[variable.Name].Data);
        }

        graph.ExpectGradients(y);
    }
}
