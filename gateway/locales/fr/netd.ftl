# Le programme qui tient les liaisons ; c’est le système qui le démarre.
netd-usage =
    Usage : beffroi-netd [--config FICHIER]
    Tient l’interface WireGuard et le pare-feu de la passerelle. Démarré par le système.

      --config FICHIER   configuration de la passerelle (sinon /etc/beffroi/gateway.toml)
      --help             affiche cette aide
      --version          affiche la version
netd-usage-wrong = beffroi-netd : commande mal écrite ({ $error }).
