import CModelProtos
import Formats
import IR

/// Layers of the year 2013: one message with the parameters of all types, and padding as a layer of its own.
struct V0Upgrade {
  private let storage: MessageStorage

  init(_ storage: MessageStorage) {
    self.storage = storage
  }

  /// - Throws: `ModelError` where a layer is of another form than the others, of an unknown type, or pads what cannot be padded.
  func layers(_ connections: [Caffe__V1LayerParameter]) throws -> [Layer] {
    /// The padding layers so far, by what they define.
    var paddings: [ByteString: (bottom: ByteString, pad: UInt32)] = [:]
    var layers: [Layer] = []
    for (index, connection) in connections.enumerated() {
      guard let old = connection.layer?.pointee else {
        throw ModelError(
          .invalidModel, place: "layer '\(ByteString(connection.name).text)'",
          "is of another form than the layers before it, which Caffe does not read together")
      }
      let name = ByteString(old.name)
      let kind = ByteString(old.type)
      let tops = texts(connection.top, connection.n_top)
      var bottoms = texts(connection.bottom, connection.n_bottom)
      if kind == "padding" {
        guard let top = tops.first, let bottom = bottoms.first else {
          throw ModelError(.invalidModel, place: "layer '\(name.text)' (padding)", "has no bottom or no top")
        }
        paddings[top] = (bottom, old.pad)
        continue
      }
      var pad = old.pad
      for (position, bottom) in bottoms.enumerated() {
        guard let padding = paddings[bottom] else { continue }
        guard kind == "conv" || kind == "pool" else {
          throw ModelError(
            .invalidModel, place: "layer '\(name.text)' (\(kind.text))",
            "follows a padding layer, which Caffe allows before conv and pool alone")
        }
        (bottoms[position], pad) = (padding.bottom, padding.pad)
      }
      guard let type = Self.types[kind] else {
        throw ModelError(
          .invalidModel, place: "layer '\(name.text)'", "has type '\(kind.text)', which the oldest form does not know")
      }
      layers.append(
        Layer(
          name: name, type: type, bottoms: bottoms, tops: tops, parameterNames: [],
          blobs: messages(old.blobs, old.n_blobs), message: message(old, pad: pad, type), origin: (2, index)))
    }
    return layers
  }

  /// The parameters in the message of the type that they belong to.
  private func message(_ old: Caffe__V0LayerParameter, pad: UInt32, _ type: ByteString) -> Caffe__LayerParameter {
    let new = storage.make(caffe__layer_parameter__init)
    switch type {
    case "Convolution":
      let parameters = storage.make(caffe__convolution_parameter__init)
      parameters.pointee.num_output = old.num_output
      parameters.pointee.bias_term = old.biasterm
      parameters.pointee.group = old.group
      parameters.pointee.kernel_size = storage.list([old.kernelsize])
      parameters.pointee.n_kernel_size = 1
      parameters.pointee.stride = storage.list([old.stride])
      parameters.pointee.n_stride = 1
      parameters.pointee.pad = storage.list([pad])
      parameters.pointee.n_pad = 1
      new.pointee.convolution_param = parameters
    case "Pooling":
      let parameters = storage.make(caffe__pooling_parameter__init)
      parameters.pointee.pool = Caffe__PoolingParameter__PoolMethod(rawValue: old.pool.rawValue)
      parameters.pointee.has_kernel_size = 1
      parameters.pointee.kernel_size = old.kernelsize
      parameters.pointee.stride = old.stride
      parameters.pointee.pad = pad
      new.pointee.pooling_param = parameters
    case "InnerProduct":
      let parameters = storage.make(caffe__inner_product_parameter__init)
      parameters.pointee.num_output = old.num_output
      parameters.pointee.bias_term = old.biasterm
      new.pointee.inner_product_param = parameters
    case "LRN":
      let parameters = storage.make(caffe__lrnparameter__init)
      parameters.pointee.local_size = old.local_size
      parameters.pointee.alpha = old.alpha
      parameters.pointee.beta = old.beta
      parameters.pointee.k = old.k
      new.pointee.lrn_param = parameters
    case "Concat":
      let parameters = storage.make(caffe__concat_parameter__init)
      parameters.pointee.has_concat_dim = 1
      parameters.pointee.concat_dim = old.concat_dim
      new.pointee.concat_param = parameters
    default:
      // Of data layers the part that tells a shape; the others have nothing that inference reads.
      let parameters = storage.make(caffe__transformation_parameter__init)
      parameters.pointee.crop_size = old.cropsize
      new.pointee.transform_param = parameters
    }
    return new.pointee
  }

  private static let types: [ByteString: ByteString] = [
    "accuracy": "Accuracy", "bnll": "BNLL", "concat": "Concat", "conv": "Convolution", "data": "Data",
    "dropout": "Dropout", "euclidean_loss": "EuclideanLoss", "flatten": "Flatten", "hdf5_data": "HDF5Data",
    "hdf5_output": "HDF5Output", "im2col": "Im2col", "images": "ImageData", "infogain_loss": "InfogainLoss",
    "innerproduct": "InnerProduct", "lrn": "LRN", "multinomial_logistic_loss": "MultinomialLogisticLoss",
    "pool": "Pooling", "relu": "ReLU", "sigmoid": "Sigmoid", "softmax": "Softmax", "softmax_loss": "SoftmaxWithLoss",
    "split": "Split", "tanh": "TanH", "window_data": "WindowData",
  ]
}
