print("mcc")
