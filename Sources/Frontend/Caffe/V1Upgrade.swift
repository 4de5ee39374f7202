import CModelProtos
import Formats
import IR

/// Layers of the years 2014: their types are numbers, and some of their fields lie elsewhere.
enum V1Upgrade {
  /// - Throws: `ModelError` where the type is none of Caffe's.
  static func layer(_ old: Caffe__V1LayerParameter, origin: (field: UInt32, index: Int)) throws -> Layer {
    let name = ByteString(old.name)
    guard old.has_type != 0, let type = types[old.type.rawValue] else {
      throw ModelError(.invalidModel, place: "layer '\(name.text)'", "has no type that Caffe knows")
    }
    return Layer(
      name: name, type: type, bottoms: texts(old.bottom, old.n_bottom), tops: texts(old.top, old.n_top),
      parameterNames: texts(old.param, old.n_param), blobs: messages(old.blobs, old.n_blobs),
      message: message(old), origin: origin)
  }

  private static func message(_ old: Caffe__V1LayerParameter) -> Caffe__LayerParameter {
    var new = Caffe__LayerParameter()
    caffe__layer_parameter__init(&new)
    (new.include, new.n_include) = (old.include, old.n_include)
    (new.exclude, new.n_exclude) = (old.exclude, old.n_exclude)
    new.transform_param = old.transform_param
    new.loss_param = old.loss_param
    new.accuracy_param = old.accuracy_param
    new.argmax_param = old.argmax_param
    new.concat_param = old.concat_param
    new.contrastive_loss_param = old.contrastive_loss_param
    new.convolution_param = old.convolution_param
    new.data_param = old.data_param
    new.dropout_param = old.dropout_param
    new.dummy_data_param = old.dummy_data_param
    new.eltwise_param = old.eltwise_param
    new.exp_param = old.exp_param
    new.hdf5_data_param = old.hdf5_data_param
    new.hdf5_output_param = old.hdf5_output_param
    new.hinge_loss_param = old.hinge_loss_param
    new.image_data_param = old.image_data_param
    new.infogain_loss_param = old.infogain_loss_param
    new.inner_product_param = old.inner_product_param
    new.lrn_param = old.lrn_param
    new.memory_data_param = old.memory_data_param
    new.mvn_param = old.mvn_param
    new.pooling_param = old.pooling_param
    new.power_param = old.power_param
    new.relu_param = old.relu_param
    new.sigmoid_param = old.sigmoid_param
    new.softmax_param = old.softmax_param
    new.slice_param = old.slice_param
    new.tanh_param = old.tanh_param
    new.threshold_param = old.threshold_param
    new.window_data_param = old.window_data_param
    return new
  }

  private static let types: [UInt32: ByteString] = [
    1: "Accuracy", 2: "BNLL", 3: "Concat", 4: "Convolution", 5: "Data", 6: "Dropout", 7: "EuclideanLoss", 8: "Flatten",
    9: "HDF5Data", 10: "HDF5Output", 11: "Im2col", 12: "ImageData", 13: "InfogainLoss", 14: "InnerProduct", 15: "LRN",
    16: "MultinomialLogisticLoss", 17: "Pooling", 18: "ReLU", 19: "Sigmoid", 20: "Softmax", 21: "SoftmaxWithLoss",
    22: "Split", 23: "TanH", 24: "WindowData", 25: "Eltwise", 26: "Power", 27: "SigmoidCrossEntropyLoss",
    28: "HingeLoss", 29: "MemoryData", 30: "ArgMax", 31: "Threshold", 32: "DummyData", 33: "Slice", 34: "MVN",
    35: "AbsVal", 36: "Silence", 37: "ContrastiveLoss", 38: "Exp", 39: "Deconvolution",
  ]
}
