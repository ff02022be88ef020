namespace Microsoft.ML.ConvNet.Tests.Graph;

public class NetworkSummaryTests
{
    [Fact]
    public void The_summary_lists_layers_shapes_parameters_and_multiply_adds()
    {
        var summary = Network.Input(1, 28, 28).Conv(20, 5).BatchNorm().Relu().MaxPool(2).Dropout(0.25f).Dense(10).Softmax().Summary();

        // conv1: 20·(5·5·1) + 20 parameters, 20·24·24·25 multiply-adds; batchNorm1: scale and shift of 20 channels;
        // dense1: 10·(20·12·12) + 10 parameters, 10·2880 multiply-adds.
        Assert.Equal(20 * 25 + 20, 520);
        Assert.Equal(20 * 24 * 24 * 25, 288_000);
        Assert.Equal(10 * 2880 + 10, 28_810);
        Assert.Equal(520 + 40 + 28_810, 29_370);
        Assert.Equal(288_000 + 28_800, 316_800);
        Assert.Equal(
            """
            Layer       Kind                                     Output    Sees             Bytes  Parameters  Multiply-adds
            ────────────────────────────────────────────────────────────────────────────────────────────────────────────────
            input1      Input                                    1×28×28   1×1              3,136
            conv1       Conv (5×5, 20 filters, 1 input channel)  20×24×24  5×5             46,080         520        288,000
            batchNorm1  BatchNorm                                20×24×24  5×5             46,080          40
            relu1       Relu                                     20×24×24  5×5             46,080
            maxPool1    MaxPool (window 2×2, stride 2)           20×12×12  6×6, stride 2   11,520
            dropout1    Dropout (rate 0.25)                      20×12×12  6×6, stride 2   11,520
            flatten1    Reshape                                  2880      all             11,520
            dense1      MatMul                                   10        all                 40      28,810         28,800
            softmax1    Softmax                                  10        all                 40
            ────────────────────────────────────────────────────────────────────────────────────────────────────────────────
            Total                                                                         176,016      29,370        316,800

            """,
            summary,
            ignoreLineEndingDifferences: true);
    }

    [Fact]
    public void A_parameter_of_two_layers_counts_once_in_the_total()
    {
        var x = Network.Input([4], "x");
        var first = x.Dense(4, name: "first");
        Network network = new Node(first.Op, [first, .. first.Inputs.Skip(1)], "second");
        Assert.Equal(20, network.ParameterCount);
        Assert.EndsWith($"20             32{Environment.NewLine}", network.Summary(), StringComparison.Ordinal);
    }
}
